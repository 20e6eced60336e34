"""The words that turn taking goes by, language by language (English, Dutch, German, French, Spanish)."""


def _table(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


def _phrases(*texts: str) -> frozenset[tuple[str, ...]]:
    """Phrases parted by semicolons, each as its words."""
    return frozenset(tuple(phrase.split()) for text in texts for phrase in text.split(";") if phrase.strip())


AGREEING = _table("mm-hm mm-hmm mhm mhmm mmhmm mm-mm uh-huh uhhuh aha ajá")
FILLERS = AGREEING | _table(
    "um uh uhm er erm hm hmm mm mmm ah ahh oh ooh eh ehm äh ähm öh euh hè ach ben bah este",
)
"""Sounds that are no words: of listening and of thinking."""

BACKCHANNELS = {
    "en": _phrases(
        "yeah; yep; yup; yes; ok; okay; alright; right; sure; fine; great; good; cool; nice; perfect; exactly; true; wow",
        "indeed; absolutely; definitely; interesting; understood; gotcha; all right; i see; got it; i got it; go on",
        "go ahead; i know; i understand; that's right; that is right; that's true; that's fine; that's good; of course",
        "makes sense; that makes sense; fair enough; no problem; sounds good; very good; for sure; i hear you; uh huh",
        "carry on; keep going; oh really; mm hmm; mm hm",
    ),
    "nl": _phrases(
        "ja; jawel; jazeker; jep; oké; oke; goed; prima; precies; inderdaad; klopt; dat klopt; juist; duidelijk; zeker",
        "natuurlijk; tuurlijk; mooi; leuk; fijn; top; snap ik; ik snap het; ik begrijp het; begrijp ik; ga door; ga verder",
        "vertel; is goed; dat is goed; heel goed; uiteraard; logisch",
    ),
    "de": _phrases(
        "ja; jo; jawohl; genau; stimmt; das stimmt; richtig; klar; alles klar; gut; sehr gut; in ordnung; verstehe",
        "ich verstehe; verstanden; natürlich; sicher; prima; super; schön; ach so; achso; weiter; nur weiter; eben",
    ),
    "fr": _phrases(
        "oui; ouais; d'accord; bien; très bien; bien sûr; voilà; exact; exactement; c'est ça; je vois; je comprends",
        "entendu; compris; bon; parfait; super; en effet; tout à fait; allez-y; continuez; vas-y",
    ),
    "es": _phrases(
        "sí; si; claro; claro que sí; vale; bueno; bien; muy bien; exacto; exactamente; eso es; ya; ya veo; entiendo",
        "entendido; comprendo; de acuerdo; perfecto; siga; continúe; por supuesto; así es",
    ),
}
"""What one says to show that one listens. Said after a question most of it is an answer."""

INTERRUPTERS = _table(
    "stop wait no nope hold hang sorry excuse pardon listen what who when where why how which whose hello repeat again",
    "louder slower help operator human agent enough cancel",
    "nee wacht ho hallo herhaal nogmaals wat wie wanneer waar waarom hoe welke",
    "nein warte warten halt moment wiederholen nochmal wer wann wo warum wieso welche",
    "non attends attendez arrête arrêtez quoi qui quand où pourquoi comment combien",
    "espera espere para pare alto qué quién cuándo dónde cómo cuál cuánto",
)
"""One of these is enough to be sure that the party wants the floor, even while the recogniser still guesses."""

OPENERS = _phrases(
    "wait; wait wait; wait a minute; wait a second; wait a moment; hold on; hang on; one moment; one second; just a moment",
    "just a second; just a minute; a moment; a second; give me a second; let me see; let me check; let me think; i mean",
    "you know; wacht; wacht even; moment; momentje; een moment; een ogenblik; even kijken; moment mal; einen moment",
    "warte; warten sie; augenblick; mal sehen; attendez; attends; un moment; une seconde; un instant; voyons; espere",
    "espera; un momento; un segundo; a ver",
)
"""What one says to keep the floor: more comes."""
BARGING_OPENERS = _phrases(
    "no; no no; stop; stop stop; stop please; please stop; please; nope; sorry; i'm sorry; excuse me; pardon; pardon me",
    "listen; look; actually; hey; nee; nee nee; sorry hoor; luister; kijk; nein; nein nein; halt; entschuldigung",
    "verzeihung; hören sie; non; non non; excusez-moi; écoutez; arrêtez; para; alto; perdón; perdone; disculpe; oiga; mire",
)
"""The same, where it falls into our words; else it is a turn of its own."""

YES_AND_GOOD = _table("yeah yep yes ok okay right sure fine alright good great cool ja oké oui sí ya genau")
GREETINGS = _table(
    "hello hi hey speaking morning afternoon evening hallo hoi goedemorgen goedemiddag tag bonjour allô allo hola",
    "dígame diga",
)
AROUND_GREETINGS = _table("yes yeah good there who is this it it's here ja guten met hier oui sí")
INTRODUCTIONS = ("this is", "it's", "speaking", "here", "met", "hier")
WHOLE_ANSWERS = (
    YES_AND_GOOD
    | GREETINGS
    | _table(
        "no nope nah never please thanks thank you bye goodbye good-bye bye-bye correct exactly absolutely",
        "nee bedankt dank graag doei nein danke bitte gerne tschüss non merci no gracias claro adiós",
    )
)

CONTINUERS = _table(
    "and but or because although unless whether an a the my your our their every than",
    "maar omdat hoewel terwijl het een mijn jouw uw zijn onze",
    "und aber oder weil obwohl sondern der mein meine meinen dein deine unser",
    "mais parce puisque lorsque le mon votre notre",
    "pero porque aunque el mi mis nuestro nuestra",
)
"""Nobody ends a sentence with one of these."""

OPEN_ENDED = _table(
    "to with for if when that which so then like well at on in of from by about into until between without is are was",
    "were am can could would should will have has want need his her i'm it's i'd i'll we're he's she's you're they're",
    "en met voor naar van tot tussen dus ben",
    "für von bis zwischen wenn dass bin möchte im am zum zur das die den dem ein eine einen einem damit",
    "et ou avec pour de du des dans chez sur que donc suis voudrais la les un une ma mes",
    "y o con para en por entre hasta desde cuando entonces soy quiero los las su sus",
)
"""Few sentences end with one of these, unless they are questions."""

UNFINISHED = _phrases(
    "my name is; the name is; my number is; the number is; my email is; my address is; the address is; i would like",
    "i'd like; i want to; i need to; i have to; i'm looking for; i am calling about; it would be; the problem is that",
    "mijn naam is; het nummer is; mijn nummer is; mijn adres is; ik wil graag; ik zou graag; ik heet",
    "mein name ist; die nummer ist; meine nummer ist; meine adresse ist; ich hätte gern; ich heiße; ich würde gern",
    "mon nom est; je m'appelle; mon numéro est; mon adresse est; je voudrais; j'aimerais",
    "mi nombre es; me llamo; mi número es; mi dirección es; quisiera; me gustaría",
)
"""What must be followed by something."""

DIGIT_WORDS = _table(
    "zero oh one two three four five six seven eight nine double triple",
    "nul een één twee drie vier vijf zes zeven acht negen dubbel",
    "null eins zwei zwo drei fünf sechs sieben neun",
    "zéro un deux trois quatre cinq sept huit neuf",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
)
TENS = _table(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty",
    "seventy eighty ninety hundred thousand",
    "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien twintig dertig veertig vijftig zestig",
    "zehn zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig",
    "dix onze douze treize quatorze quinze seize vingt trente quarante cinquante soixante",
    "diez once doce trece catorce quince dieciséis veinte treinta cuarenta cincuenta sesenta",
)
"""Numbers that belong to dictated digits only beside such."""

MONTHS = _table(
    "january february march april may june july august september october november december",
    "januari februari maart mei juni juli augustus oktober januar februar märz mai dezember",
    "janvier février mars avril juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
CENTURIES = _table("nineteen twenty negentien twintig neunzehn zwanzig mil")
ADDRESS_SIGNS = _table(
    "dot underscore slash hyphen punt apenstaartje streepje punkt klammeraffe point arobase punto arroba"
)
"""Signs read out in e-mail and web addresses; one at the end always has more behind it."""
ADDRESS_ENDS = _table("com net org edu gov io nl be de fr es eu uk co ai info app dev us at ch it")
MAIL_HOSTS = _table("gmail hotmail outlook yahoo icloud live proton protonmail gmx ziggo kpnmail xs4all orange wanadoo")

DICTATION_WORDS = _table(
    "number numbers digits phone telephone mobile code codes postcode zip spell spelling spelled email e-mail iban birth",
    "nummer telefoonnummer klantnummer rekeningnummer postcode spellen spel mailadres e-mailadres geboortedatum kenteken",
    "nummern telefonnummer handynummer kundennummer postleitzahl buchstabieren e-mail-adresse mailadresse geburtsdatum",
    "numéro numéros téléphone épeler épelez postal courriel naissance mail",
    "número números teléfono código deletrear deletree correo nacimiento",
)
"""Who is asked for one of these, or names it, gives digits, letters or an address, with pauses."""
COUNTING_WORDS = _phrases(
    "number of; aantal; anzahl; nombre de; número de personas; how many; hoeveel; wie viele; combien"
)
"""Asked with these, one number is the whole answer."""

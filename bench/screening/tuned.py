"""The wordings that the phrase lists were written and tuned on: by language, then by who says them."""

from collections.abc import Mapping

Wordings = Mapping[str, Mapping[str, tuple[str, ...]]]

TUNED: Wordings = {
    "en": {
        "human": (
            "Hello?",
            "Good morning, Smile Dental, you're speaking with Anna, how can I help?",
            "This is Martin speaking.",
            "Yes, hi, who is this?",
            "I'm sorry, she's not available right now, can I take a message?",
            "Yeah?",
            "Hi, Karen here.",
            "Hello, Riverside Garage, Tom speaking, what can I do for you today?",
            "Good afternoon, thanks for calling Miller and Sons, this is Rebecca.",
            "Hello, sorry, it's a bit loud here, hang on.",
            "Accounts department, good morning.",
        ),
        "voicemail": (
            ("Hi, you've reached Bob. I can't come to the phone right now. Please leave a message after the tone."),
            ("The person you are trying to reach is not available. At the tone, please record your message."),
            ("You have reached the voice mailbox of Karen White. Please leave your name and number after the beep."),
            (
                "Hello, this is the voice of Nick, the rest of me isn't here at the moment, so leave your "
                "name and a short message and I'll get back to you."
            ),
            (
                "Hi, I'm out of the office today, I'll be checking messages in the afternoon. If it is "
                "urgent, call Susan."
            ),
            "Mommy and Daddy aren't here, leave a message!",
            (
                "It's Thursday and I'm in a sales meeting until late this afternoon. I'll return your call "
                "when I get back."
            ),
            "You know what to do. Do it at the beep.",
        ),
        "ivr": (
            "Thank you for calling Acme. For sales, press one. For support, press two.",
            "Welcome to City Bank. Please listen carefully, as our menu options have changed.",
            (
                "Welcome to Leaf School. If you know your party's extension, please dial it now. Otherwise, "
                "for the operator, dial zero."
            ),
            ("To leave a message for someone whose extension you know, press one. To hear our address, press three."),
            (
                "All of our advisers are helping other customers. Please stay on the line and we will be "
                "with you shortly."
            ),
        ),
        "announcement": (
            "The number you have dialed is not in service. Please check the number and try again.",
            "The subscriber you have called is not reachable at the moment. Please try again later.",
            (
                "We're sorry, you have reached a number that has been disconnected. If you feel that you "
                "have reached this recording in error, please check the number and try your call again."
            ),
            "All circuits are busy now. Please try your call again later. This is a recording.",
            ("Unfortunately, due to temporary difficulties, we are unable to connect your call at this time."),
        ),
        "screener": (
            "Hi, if you record your name and reason for calling, I'll see if this person is available.",
            (
                "Hi, the person you're calling is using a screening service from Google, and will get a "
                "copy of this conversation. Go ahead and say your name, and why you're calling."
            ),
            (
                "Hi, I'm Call Assist by Google, recording this call for the person you're trying to reach. "
                "Before I try to connect you, can I ask what you're calling about?"
            ),
            ("The person you have called has asked me to answer. Please tell me who you are and why you are calling."),
        ),
    },
    "nl": {
        "human": (
            "Hallo?",
            "Goedemorgen, met Anna van Tandarts Smile, waarmee kan ik u helpen?",
            "Met Jan de Vries.",
            "Ja, met Bakker.",
            "Garage Van Dam, goedemiddag.",
            "Hallo, met wie spreek ik?",
        ),
        "voicemail": (
            "Dit is de voicemail van Jan de Vries. Spreek een bericht in na de piep.",
            (
                "U bent verbonden met het antwoordapparaat van de familie Bakker. Laat uw naam en nummer "
                "achter na de toon."
            ),
            ("Hoi, met Hans. Ik ben er even niet. Spreek je boodschap in, dan bel ik je zo snel mogelijk terug."),
            "Ik ben er even niet, laat iets achter en je hoort van me!",
            "Bedankt voor het bellen. Wij zijn op dit moment gesloten. Mail ons, of bel morgen terug.",
        ),
        "ivr": (
            "Welkom bij de Stadsbank. Voor betalingen, toets één. Voor overige vragen, toets twee.",
            "Al onze medewerkers zijn in gesprek. Er zijn nog drie wachtenden voor u.",
        ),
        "announcement": (
            "Het door u gekozen nummer is niet in gebruik.",
            "De abonnee die u belt is op dit moment niet bereikbaar. Probeer het later nog eens.",
        ),
        "screener": (
            ("Hallo, als u uw naam en de reden van uw oproep noemt, kijk ik of deze persoon beschikbaar is."),
            "Voordat ik u doorverbind: wie bent u en waarom belt u?",
        ),
    },
    "de": {
        "human": (
            "Ja, hallo?",
            "Guten Tag, Zahnarztpraxis Sommer, mein Name ist Anna Weber, wie kann ich Ihnen helfen?",
            "Schneider.",
            "Autohaus Becker, guten Morgen, Sie sprechen mit Frau Klein.",
        ),
        "voicemail": (
            (
                "Hallo, hier ist die Mailbox von Peter Schmidt. Bitte hinterlassen Sie eine Nachricht nach "
                "dem Signalton."
            ),
            ("Leider kann ich Ihren Anruf gerade nicht entgegennehmen. Ich rufe Sie so bald wie möglich zurück."),
            ("Das ist der automatische Anrufbeantworter von Familie Vogel. Sprechen Sie bitte nach dem Ton."),
            "Wir sind bis Montag im Urlaub. Schreiben Sie uns gern eine E-Mail, wir melden uns dann.",
        ),
        "ivr": (
            "Willkommen bei der Stadtbank. Für Fragen zum Konto drücken Sie die eins.",
            "Alle unsere Mitarbeiter sind zurzeit im Gespräch. Bitte haben Sie einen Moment Geduld.",
        ),
        "announcement": (
            "Kein Anschluss unter dieser Nummer.",
            ("Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar. Bitte versuchen Sie es später wieder."),
        ),
        "screener": (
            ("Hallo, nennen Sie bitte Ihren Namen und den Grund Ihres Anrufs, dann frage ich, ob die Person Zeit hat."),
            "Hier ist der Assistent von Google. Wer ruft an, und worum geht es bei Ihrem Anruf?",
        ),
    },
    "fr": {
        "human": (
            "Allô ?",
            "Bonjour, cabinet dentaire du Parc, Anne à l'appareil, comment puis-je vous aider ?",
            "Oui, bonjour.",
            "Garage Dupont, bonjour, Nicolas, je vous écoute.",
        ),
        "voicemail": (
            ("Bonjour, vous êtes bien sur la messagerie de Paul Martin. Laissez un message après le bip."),
            ("Je ne peux pas vous répondre pour le moment, merci de laisser votre nom après le signal sonore."),
            ("Vous avez bien joint la boîte vocale de Lise Masson. Je serai absente jusqu'au vingt-cinq juillet."),
            ("Salut, c'est Julie, je ne suis pas là, alors laissez-moi un petit mot et je vous rappelle."),
        ),
        "ivr": (
            "Bienvenue chez Banque du Nord. Pour votre compte, tapez un. Pour une carte, tapez deux.",
            "Tous nos conseillers sont en ligne. Votre temps d'attente est estimé à cinq minutes.",
        ),
        "announcement": (
            "Le numéro que vous avez composé n'est pas attribué.",
            ("Votre correspondant n'est pas joignable actuellement. Veuillez renouveler votre appel ultérieurement."),
        ),
        "screener": (
            ("Bonjour, dites votre nom et le motif de votre appel, je vais voir si cette personne est disponible."),
            "Cet appel est filtré. Qui êtes-vous, et quel est l'objet de votre appel ?",
        ),
    },
    "es": {
        "human": (
            "¿Dígame?",
            "Buenos días, clínica dental Sonrisa, le habla Ana, ¿en qué puedo ayudarle?",
            "Sí, ¿quién es?",
            "Talleres Ruiz, buenas tardes, habla Carmen.",
        ),
        "voicemail": (
            "Hola, este es el buzón de voz de Pedro García. Deje su mensaje después de la señal.",
            "En este momento no puedo atender su llamada. Deje su nombre y número al oír el tono.",
            "Este es el teléfono de mi tía Manuela, déjale tu mensaje.",
            "Hola, no estoy en casa. Llámame más tarde o deja un recado.",
        ),
        "ivr": (
            "Bienvenido al Banco del Norte. Para su cuenta, pulse uno. Para tarjetas, pulse dos.",
            "Todos nuestros agentes están ocupados. Por favor, manténgase en línea.",
        ),
        "announcement": (
            "El número que usted ha marcado no existe.",
            "El teléfono al que llama está apagado o fuera de cobertura en este momento.",
        ),
        "screener": (
            "Hola, diga su nombre y el motivo de su llamada, y veré si esta persona está disponible.",
            "Antes de pasar la llamada, diga quién es y por qué llama.",
        ),
    },
}

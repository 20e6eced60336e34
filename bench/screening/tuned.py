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
        ),
        "voicemail": (
            "Hi, you've reached Bob. I can't come to the phone right now. Please leave a message after the tone.",
            "The person you are trying to reach is not available. At the tone, please record your message.",
            "You have reached the voice mailbox of Karen White. Please leave your name and number after the beep.",
        ),
        "ivr": (
            "Thank you for calling Acme. For sales, press one. For support, press two.",
            "Welcome to City Bank. Please listen carefully, as our menu options have changed.",
        ),
        "announcement": (
            "The number you have dialed is not in service. Please check the number and try again.",
            "The subscriber you have called is not reachable at the moment. Please try again later.",
        ),
        "screener": (
            "Hi, if you record your name and reason for calling, I'll see if this person is available.",
            "Hi, the person you're calling is using a screening service from Google, and will get a copy of this"
            " conversation. Go ahead and say your name, and why you're calling.",
        ),
    },
    "nl": {
        "human": ("Hallo?", "Goedemorgen, met Anna van Tandarts Smile, waarmee kan ik u helpen?", "Met Jan de Vries."),
        "voicemail": (
            "Dit is de voicemail van Jan de Vries. Spreek een bericht in na de piep.",
            "U bent verbonden met het antwoordapparaat van de familie Bakker. Laat uw naam en nummer achter na de toon.",
        ),
        "ivr": ("Welkom bij de Stadsbank. Voor betalingen, toets één. Voor overige vragen, toets twee.",),
        "announcement": ("Het door u gekozen nummer is niet in gebruik.",),
        "screener": ("Hallo, als u uw naam en de reden van uw oproep noemt, kijk ik of deze persoon beschikbaar is.",),
    },
    "de": {
        "human": (
            "Ja, hallo?",
            "Guten Tag, Zahnarztpraxis Sommer, mein Name ist Anna Weber, wie kann ich Ihnen helfen?",
        ),
        "voicemail": (
            "Hallo, hier ist die Mailbox von Peter Schmidt. Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
            "Leider kann ich Ihren Anruf gerade nicht entgegennehmen. Ich rufe Sie so bald wie möglich zurück.",
        ),
        "ivr": ("Willkommen bei der Stadtbank. Für Fragen zum Konto drücken Sie die eins.",),
        "announcement": ("Kein Anschluss unter dieser Nummer.",),
        "screener": (
            "Hallo, nennen Sie bitte Ihren Namen und den Grund Ihres Anrufs, dann frage ich, ob die Person Zeit hat.",
        ),
    },
    "fr": {
        "human": ("Allô ?", "Bonjour, cabinet dentaire du Parc, Anne à l'appareil, comment puis-je vous aider ?"),
        "voicemail": (
            "Bonjour, vous êtes bien sur la messagerie de Paul Martin. Laissez un message après le bip.",
            "Je ne peux pas vous répondre pour le moment, merci de laisser votre nom après le signal sonore.",
        ),
        "ivr": ("Bienvenue chez Banque du Nord. Pour votre compte, tapez un. Pour une carte, tapez deux.",),
        "announcement": ("Le numéro que vous avez composé n'est pas attribué.",),
        "screener": (
            "Bonjour, dites votre nom et le motif de votre appel, je vais voir si cette personne est disponible.",
        ),
    },
    "es": {
        "human": ("¿Dígame?", "Buenos días, clínica dental Sonrisa, le habla Ana, ¿en qué puedo ayudarle?"),
        "voicemail": (
            "Hola, este es el buzón de voz de Pedro García. Deje su mensaje después de la señal.",
            "En este momento no puedo atender su llamada. Deje su nombre y número al oír el tono.",
        ),
        "ivr": ("Bienvenido al Banco del Norte. Para su cuenta, pulse uno. Para tarjetas, pulse dos.",),
        "announcement": ("El número que usted ha marcado no existe.",),
        "screener": ("Hola, diga su nombre y el motivo de su llamada, y veré si esta persona está disponible.",),
    },
}

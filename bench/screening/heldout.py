"""Wordings written after the phrase lists were done, on the model of greetings, menus and announcements that public pages
describe. No list was changed for them: what is measured on them is what is to be expected."""

from bench.screening.tuned import Wordings

HELD_OUT: Wordings = {
    "en": {
        "human": (
            "Yeah?",
            "Hi, Karen here.",
            "Hello, Riverside Garage, Tom speaking, what can I do for you today?",
            "Good afternoon, thanks for calling Miller and Sons, this is Rebecca.",
            "Hello, sorry, it's a bit loud here, hang on.",
            "Accounts department, good morning.",
        ),
        "voicemail": (
            "Hello, this is the voice of Nick, the rest of me isn't here at the moment, so leave your name and a short"
            " message and I'll get back to you.",
            "Hi, I'm out of the office today, I'll be checking messages in the afternoon. If it is urgent, call Susan.",
            "Mommy and Daddy aren't here, leave a message!",
            "It's Thursday and I'm in a sales meeting until late this afternoon. I'll return your call when I get back.",
            "You know what to do. Do it at the beep.",
        ),
        "ivr": (
            "Welcome to Leaf School. If you know your party's extension, please dial it now. Otherwise, for the operator,"
            " dial zero.",
            "To leave a message for someone whose extension you know, press one. To hear our address, press three.",
            "All of our advisers are helping other customers. Please stay on the line and we will be with you shortly.",
        ),
        "announcement": (
            "We're sorry, you have reached a number that has been disconnected. If you feel that you have reached this"
            " recording in error, please check the number and try your call again.",
            "All circuits are busy now. Please try your call again later. This is a recording.",
            "Unfortunately, due to temporary difficulties, we are unable to connect your call at this time.",
        ),
        "screener": (
            "Hi, I'm Call Assist by Google, recording this call for the person you're trying to reach. Before I try to"
            " connect you, can I ask what you're calling about?",
            "The person you have called has asked me to answer. Please tell me who you are and why you are calling.",
        ),
    },
    "nl": {
        "human": ("Ja, met Bakker.", "Garage Van Dam, goedemiddag.", "Hallo, met wie spreek ik?"),
        "voicemail": (
            "Hoi, met Hans. Ik ben er even niet. Spreek je boodschap in, dan bel ik je zo snel mogelijk terug.",
            "Ik ben er even niet, laat iets achter en je hoort van me!",
            "Bedankt voor het bellen. Wij zijn op dit moment gesloten. Mail ons, of bel morgen terug.",
        ),
        "ivr": ("Al onze medewerkers zijn in gesprek. Er zijn nog drie wachtenden voor u.",),
        "announcement": ("De abonnee die u belt is op dit moment niet bereikbaar. Probeer het later nog eens.",),
        "screener": ("Voordat ik u doorverbind: wie bent u en waarom belt u?",),
    },
    "de": {
        "human": ("Schneider.", "Autohaus Becker, guten Morgen, Sie sprechen mit Frau Klein."),
        "voicemail": (
            "Das ist der automatische Anrufbeantworter von Familie Vogel. Sprechen Sie bitte nach dem Ton.",
            "Wir sind bis Montag im Urlaub. Schreiben Sie uns gern eine E-Mail, wir melden uns dann.",
        ),
        "ivr": ("Alle unsere Mitarbeiter sind zurzeit im Gespräch. Bitte haben Sie einen Moment Geduld.",),
        "announcement": (
            "Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar. Bitte versuchen Sie es später wieder.",
        ),
        "screener": ("Hier ist der Assistent von Google. Wer ruft an, und worum geht es bei Ihrem Anruf?",),
    },
    "fr": {
        "human": ("Oui, bonjour.", "Garage Dupont, bonjour, Nicolas, je vous écoute."),
        "voicemail": (
            "Vous avez bien joint la boîte vocale de Lise Masson. Je serai absente jusqu'au vingt-cinq juillet.",
            "Salut, c'est Julie, je ne suis pas là, alors laissez-moi un petit mot et je vous rappelle.",
        ),
        "ivr": ("Tous nos conseillers sont en ligne. Votre temps d'attente est estimé à cinq minutes.",),
        "announcement": (
            "Votre correspondant n'est pas joignable actuellement. Veuillez renouveler votre appel ultérieurement.",
        ),
        "screener": ("Cet appel est filtré. Qui êtes-vous, et quel est l'objet de votre appel ?",),
    },
    "es": {
        "human": ("Sí, ¿quién es?", "Talleres Ruiz, buenas tardes, habla Carmen."),
        "voicemail": (
            "Este es el teléfono de mi tía Manuela, déjale tu mensaje.",
            "Hola, no estoy en casa. Llámame más tarde o deja un recado.",
        ),
        "ivr": ("Todos nuestros agentes están ocupados. Por favor, manténgase en línea.",),
        "announcement": ("El teléfono al que llama está apagado o fuera de cobertura en este momento.",),
        "screener": ("Antes de pasar la llamada, diga quién es y por qué llama.",),
    },
}

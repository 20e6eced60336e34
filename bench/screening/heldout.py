"""Wordings written after the phrase lists were done. No list was changed for them: what is measured on them is what is to be
expected of greetings that nobody has seen."""

from bench.screening.tuned import Wordings

HELD_OUT: Wordings = {
    "en": {
        "human": (
            "Hi there.",
            "Bakery on the Hill, Susan here, good morning.",
            "Oh hello, I was just about to go out, who am I talking to?",
            "Reception, one moment please.",
            "Peter Jackson.",
        ),
        "voicemail": (
            "Hey, it's Mike. I'm probably at work. Drop me a line after the beep and I'll ring you back tonight.",
            "You've come through to the office of Doctor Green. We are closed until Monday. Please leave us a message.",
            "Welcome to the message service. The customer cannot answer. Start speaking after the signal.",
            "Hello, we can't get to the phone just now. Tell us who you are and what it is about, and speak up!",
        ),
        "ivr": (
            "Good day, this is the water company. To report a leak, press two. To pay your bill, press three.",
            "Your call is important to us. An agent will be with you as soon as possible.",
            "Please enter your ten digit account number, followed by the pound key.",
        ),
        "announcement": (
            "The telephone number you are calling does not exist. Please verify the number.",
            "The mobile phone you are calling is switched off or out of range.",
            "This number has been changed. The new number is not listed.",
        ),
        "screener": (
            "Hello, this call is being screened. Please say who you are and what this is about.",
            "Hi, you are speaking with the assistant of John. May I have your name and the reason you are calling?",
            "To reach this person, please record your name, and why you are calling, after the tone.",
        ),
    },
    "nl": {
        "human": ("Hallo, u spreekt met Lisa.", "Fietsenmaker Smit, zegt u het maar.", "Ja?"),
        "voicemail": (
            "U belt met Petra. Ik kan nu niet bij de telefoon. Na de toon kunt u wat inspreken.",
            "Welkom bij de voicemail van nul zes één twee drie. Spreek uw boodschap in.",
        ),
        "ivr": ("Kiest u één voor een afspraak, of twee voor een recept.",),
        "announcement": ("Dit nummer bestaat niet. Controleer het nummer en probeer het opnieuw.",),
        "screener": ("Deze oproep wordt gescreend. Zeg uw naam en waarom u belt.",),
    },
    "de": {
        "human": ("Hallo, Müller am Apparat.", "Blumen Lange, was darf es sein?"),
        "voicemail": (
            "Hier ist Julia, ich bin gerade nicht da. Sprecht mir einfach aufs Band, ich melde mich.",
            "Sie haben die Praxis von Doktor Braun erreicht. Unsere Sprechzeiten sind montags bis freitags.",
        ),
        "ivr": ("Für eine neue Bestellung wählen Sie bitte die zwei. Für die Buchhaltung die drei.",),
        "announcement": ("Die gewählte Rufnummer ist nicht vergeben. Bitte rufen Sie die Auskunft an.",),
        "screener": ("Dieser Anruf wird geprüft. Bitte sagen Sie Ihren Namen und warum Sie anrufen.",),
    },
    "fr": {
        "human": ("Allô, qui est à l'appareil ?", "Boulangerie Petit, bonjour."),
        "voicemail": (
            "Ici le répondeur de la famille Roux. Parlez après le signal, merci.",
            "Nous sommes absents pour le moment. Laissez vos coordonnées et nous vous rappellerons.",
        ),
        "ivr": ("Pour prendre un rendez-vous, appuyez sur la touche deux. Pour une urgence, faites le trois.",),
        "announcement": ("Le numéro demandé n'est plus en service.",),
        "screener": ("Bonjour, je réponds pour cette personne. Indiquez votre nom et la raison de votre appel.",),
    },
    "es": {
        "human": ("Hola, buenas.", "Panadería Sol, buenos días, ¿qué desea?"),
        "voicemail": (
            "Ha llamado a la familia Torres. No podemos contestar ahora. Hable después del tono.",
            "Soy Lucía, ahora estoy ocupada. Déjame un mensaje y te llamo en cuanto pueda.",
        ),
        "ivr": ("Si desea una cita, marque dos. Si llama por una factura, marque tres.",),
        "announcement": ("El número marcado no está en servicio. Verifique el número.",),
        "screener": ("Esta llamada está siendo filtrada. Indique su nombre y la razón de su llamada.",),
    },
}

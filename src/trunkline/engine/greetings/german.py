"""What is said when a call is answered in German."""

from trunkline.engine.greetings.signs import Sign

GERMAN = {
    Sign.VOICEMAIL: """
        hinterlassen|hinterlasst|hinterlass * nachricht|namen|mitteilung|ton|signalton|piepton
        hinterlasse|sprechen|sprecht|sprich * nachricht|namen|mitteilung|ton|signalton|piepton
        nachricht|nachrichten|mitteilung * hinterlassen|hinterlassen|aufsprechen|hinterlasst
        hinterlassen sie
        nach|auf dem|den ton|signalton|piepton|signal|pieps|piep|tonsignal|biep
        signalton|piepton
        mailbox|voicemail|anrufbeantworter|sprachbox|sprachmailbox
        voice mail
        rufe|rufen|melde|melden * zuruck|uns|mich * sobald|schnellstmoglich|zuruck
        ruf|rufe|rufen * zuruck
        anruf|telefon|gesprach|ihren * nicht * entgegennehmen|annehmen|rangehen|beantworten|entgegen
        nicht * ans telefon
        gerade|leider|momentan|derzeit|zurzeit nicht * ans|telefon|rangehen|entgegennehmen
        nicht personlich
    """,
    Sign.MAYBE_VOICEMAIL: """
        nicht erreichbar|da|verfugbar|erreichen|zu
        nicht im|zu haus|hause|buro
        im moment|augenblick
        leider|momentan|derzeit|gerade|aktuell nicht
        anschluss von
        ausserhalb * geschaftszeiten|offnungszeiten|burozeiten|sprechzeiten
        offnungszeiten|geschaftszeiten|burozeiten|sprechzeiten|urlaub|besprechung
        so|schnell|bald schnell|bald wie|als moglich
        sie sind? verbunden mit
        sie haben * angerufen|gewahlt|erreicht
    """,
    Sign.FULL: """
        mailbox|anrufbeantworter|voicemail|sprachbox * voll
        keine|nicht * nachrichten|nachricht * aufnehmen|hinterlassen|entgegennehmen|aufgenommen|aufgezeichnet
    """,
    Sign.SCREENER: """
        namen|name * grund|warum|weshalb|anliegen
        anruffilter|anrufscreening|screening|anrufassistent|filter
        person * anrufen|angerufen|erreichen * verwendet|nutzt|benutzt
        kopie|abschrift|transkript|mitschrift * gesprach|gesprachs|anruf|anrufs
        sehe|schaue|prufe|prufen|sehen|schauen|frage * ob * verfugbar|erreichbar|zeit|kann|annehmen
        google|truecaller
        wer ruft|rufst an
        assistent|assistentin von * anruf|wer|wir
        bevor ich sie|dich verbinde|durchstelle
    """,
    Sign.MAYBE_SCREENER: """
        nennen|sagen|sprechen * namen
        grund * anruf|anrufs
        warum|weshalb sie anrufen
        bleiben * leitung|apparat|dran
        virtueller|virtuelle|digitale|digitaler|personlicher assistent|assistentin
    """,
    Sign.MENU: """
        drucken|druck|wahlen|drucke|tippen * null|eins|zwei|drei|vier|funf|sechs|sieben|acht|neun
        drucken|druck|wahlen|drucke|tippen * die|0|1|2|3|4|5|6|7|8|9
        drucken|wahlen * taste|raute|stern|rautetaste
        hauptmenu|folgenden optionen|auswahl|moglichkeiten
        auswahlmenu|menu
        nachste|nachster|nachsten|freie|freier|freien|verfugbare mitarbeiter|mitarbeiterin|freie|platz|berater|agent
        mitarbeiter|leitungen|platze|berater * gesprach|belegt|besetzt
        warteschleife|wartezeit|warteposition
        geben * kundennummer|durchwahl ein|und
    """,
    Sign.MAYBE_MENU: """
        gesprach|anruf|gesprache|anrufe|telefonat * aufgezeichnet|aufgenommen|mitgehort
        willkommen bei|beim
        vielen dank fur
        bitte warten|bleiben|haben sie|einen|einen
        sie werden verbunden|weitergeleitet
        fur * drucken|wahlen|die|sagen
    """,
    Sign.UNALLOCATED: """
        kein|keine anschluss unter
        anschluss unter dieser
        nicht vergeben|belegt|geschaltet|gultig|bekannt
        rufnummer|nummer|anschluss * nicht|existiert|ungultig vergeben|belegt|geschaltet|gultig|mehr|nicht
        rufnummer|nummer * geandert
        uberprufen * nummer|rufnummer
        nicht mehr? in betrieb
    """,
    Sign.UNREACHABLE: """
        teilnehmer|gesprachspartner|anschluss|person * nicht * erreichbar|erreichen
        vorubergehend * nicht
        nicht zu erreichen
        ausgeschaltet|abgeschaltet
        gesprachspartner|teilnehmer * zeit|zurzeit|derzeit|momentan nicht
        versuchen sie es spater
        netz|leitungen|netzwerk * uberlastet|belegt|gestort
        verbindung|anruf * nicht * hergestellt|durchgestellt|moglich|ausgefuhrt
    """,
    Sign.MAYBE_UNREACHABLE: """
        gewahlte|gewunschte|angerufene|gewahlten|gerufene rufnummer|nummer|teilnehmer
        gewahlte|gewunschte|angerufene|gewahlten|gerufene gesprachspartner|anschluss|person
        versuchen|probieren * spater|erneut|nochmal|noch
        rufen sie spater
        zurzeit|derzeit|momentan|vorubergehend nicht erreichbar|verfugbar
    """,
    Sign.HUMAN: """
        wie|was|womit kann|konnen|darf ich|wir|fur
        wer ist|spricht|sind da|dran|dort|sie
        mit wem
        was gibts|gibt|wunschen
        soll|kann|darf|mochten|wollen|konnen ich|sie|wir * nachricht|ausrichten|zuruckrufen|zuruckruft
        was|wen mochten|wollen sie
        einen moment|augenblick bitte|ich
        horen|horst sie|du mich
        worum geht
        sind sie noch
        ich verbinde
    """,
}

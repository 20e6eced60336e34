"""What is said when a call is answered in Dutch."""

from trunkline.engine.greetings.signs import Sign

DUTCH = {
    Sign.VOICEMAIL: """
        spreek|laat * bericht|boodschap|naam|in|achter
        laat * achter
        bericht|boodschap * achterlaten|inspreken|achter|in
        inspreken na
        na|tot de|het piep|pieptoon|toon|signaal|biep|bliep|geluidssignaal|pieptoontje
        voicemail|voicemailbox|antwoordapparaat|antwoordservice|voicemailservice
        voice mail
        mailbox van
        bel|bellen|belt * terug zodra|zo
        bel|bellen * zo|zodra * terug|mogelijk
        kan|kunnen * telefoon|oproep|gesprek * niet|opnemen|beantwoorden|aannemen
        niet * telefoon|oproep|gesprek opnemen|beantwoorden|aannemen
        niet opnemen
        kan|kunnen|nu|even niet * opnemen|aannemen|beantwoorden|woord|telefoon
    """,
    Sign.MAYBE_VOICEMAIL: """
        niet bereikbaar|beschikbaar|aanwezig|thuis|bereiken
        bereikbaar van|op|maandag|tussen
        gesloten
        op dit moment
        bel|bellen * terug
        u|je|jullie bent|ben|hebt|heeft verbonden|gebeld
        zo snel|spoedig mogelijk
        vakantie|vergadering
    """,
    Sign.FULL: """
        voicemail|mailbox|antwoordapparaat|box|inbox * vol
        geen|niet * berichten|bericht * ontvangen|ingesproken|achterlaten|inspreken|opnemen
    """,
    Sign.SCREENER: """
        naam * reden|waarom|waarover
        screent|screenen|screening|gescreend|screeningservice|oproepscreening
        persoon|degene * belt|bellen|gebeld gebruikt|maakt
        kopie|transcriptie|transcript van dit|het|deze gesprek|oproep
        kijk|kijken|zien|ga|nagaan of * beschikbaar|bereikbaar|kan|tijd|wil
        google
        wie u? * bent|u * waarom
        voordat|voor|alvorens ik u|je * doorverbind|verbind
        truecaller
    """,
    Sign.MAYBE_SCREENER: """
        noem|zeg|spreek|vertel * naam
        waarom * belt
        reden van|voor
        blijf|blijft aan de lijn
        virtuele|digitale|persoonlijke assistent
    """,
    Sign.MENU: """
        toets|druk|kies|kiest|toetst|drukt * een|twee|drie|vier|vijf|zes|zeven|acht|negen|nul|0|1|2|3|4|5|6|7|8|9
        toets|druk|kies|sluit|gevolgd * hekje|sterretje|afsluiten
        keuzemenu|menu|keuzes|opties
        maak|maakt * keuze
        eerstvolgende|vrije|volgende|beschikbare medewerker|medewerkers
        medewerkers * gesprek|bezet
        wachtende|wachtenden|wachttijd|wachtrij
    """,
    Sign.MAYBE_MENU: """
        gesprek|gesprekken|oproep * opgenomen
        kan|kunnen|wordt|worden * opgenomen * kwaliteit|training|trainingsdoeleinden
        welkom bij
        bedankt voor het|uw|je
        blijf|blijft|moment * lijn|geduld
        een moment
        voor * toets|kies
    """,
    Sign.UNALLOCATED: """
        niet|buiten in|meer gebruik|dienst
        niet meer? in gebruik|dienst
        nummer * bestaat|is niet|ongeldig
        niet * aangesloten|toegekend|toegewezen
        afgesloten
        nummer * gewijzigd|afgesloten|onjuist
        controleer * nummer
    """,
    Sign.UNREACHABLE: """
        uitgeschakeld|buiten * bereik|uitstaat
        kan|kunnen|kon|niet * verbinding|tot stand
        niet * worden|tot doorverbonden|stand|verbonden
        netwerk * overbelast|storing|bezet
        abonnee * niet
        abonnee die|u * moment|niet|tijdelijk
        probeer het|u * later
        alle lijnen * bezet|gesprek
    """,
    Sign.MAYBE_UNREACHABLE: """
        nummer|abonnee|persoon|toestel * gekozen|gedraaid|gebeld|belt|kiest|probeert|bereiken
        gekozen|gebelde|gedraaide|gevraagde nummer|abonnee
        niet|tijdelijk|momenteel bereikbaar|beschikbaar|niet
        probeer * later|nogmaals|opnieuw
    """,
    Sign.HUMAN: """
        kan|mag|kunnen ik|we|wij u|je|jullie? helpen|verder
        waarmee|waar * kan|kunnen|mag
        wat kan|kunnen|mag ik|we
        met wie|wien
        wie is|bent|ben|spreek|heb dit|daar|u|jij|je|er|ik
        spreek|sprek ik met
        wilt|wil|zal|kan|moet u|je|ik * bericht|boodschap|doorgeven|achterlaten|terugbellen
        kan ik * terugbellen
        een momentje|ogenblikje
        hoort|hoor|ben|bent u|je|er|jij mij|me|nog|er
        zegt u|het|ut maar
        waar gaat|bel
    """,
}

"""What is said when a call is answered in Italian."""

from trunkline.engine.greetings.signs import Sign

ITALIAN = {
    Sign.VOICEMAIL: """
        lasciate|lascia|lasci|lasciare|lasciateci|lasciatemi * messaggio|messaggi|nome|recapito
        dopo|al|attendere il|segnale|del|acustico segnale|bip|acustico|beep|tono
        segreteria|casella vocale|telefonica
        richiamero|richiameremo|richiamato|ricontattero|ricontatteremo|ricontattati
        non posso|possiamo|puo * rispondere|rispondervi|risponderti|risponderle
    """,
    Sign.MAYBE_VOICEMAIL: """
        non sono|siamo|in|raggiungibile|disponibile
        al momento
        appena possibile
    """,
    Sign.FULL: "segreteria|casella * piena",
    Sign.SCREENER: """
        nome * motivo|perche
        filtro|screening * chiamate|chiamata
        copia|trascrizione * conversazione
    """,
    Sign.MENU: """
        premere|prema|premi|digitare|digiti|digita|prema * zero|uno|due|tre|quattro|cinque|sei|sette|otto|nove
        premere|prema|premi|digitare|digiti|digita|prema * il|0|1|2|3|4|5|6|7|8|9
        nostri|primo operatori|operatore|consulenti * occupati|disponibile|libero
    """,
    Sign.MAYBE_MENU: """
        chiamata|telefonata|conversazione * registrata
        benvenuto|benvenuti|benvenuta
    """,
    Sign.UNALLOCATED: """
        numero * inesistente|attivo|errato|disattivato
        non e attivo
    """,
    Sign.UNREACHABLE: """
        cliente|utente|telefono|persona|numero * non * raggiungibile|disponibile
        spento
        linee * occupate
    """,
    Sign.MAYBE_UNREACHABLE: """
        numero|cliente|utente selezionato|chiamato|desiderato
        riprovare|riprovi|richiami * tardi
    """,
    Sign.HUMAN: """
        come|in|cosa posso|possiamo|cosa aiutarla|aiutarti|aiutare|posso|fare
        chi parla|e|chiama|la|sei
        un attimo|momento
        mi sente|senti
    """,
}

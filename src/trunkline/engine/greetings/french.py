"""What is said when a call is answered in French."""

from trunkline.engine.greetings.signs import Sign

FRENCH = {
    Sign.VOICEMAIL: """
        laissez|laisser|laisse|deposez|enregistrez * message|nom|coordonnees|messages
        message * bip|signal|tonalite|apres
        apres|au|des le|la|ce? signal|bip|tonalite|bips|biip|beep
        bip sonore
        signal sonore
        messagerie|repondeur|repondeurs|repondant
        boite vocale
        rappellerai|rappellerons|rappelle|rappellera|rappelons|rappellerez des|plus|dans|rapidement|que|au|aussitot
        vous? rappellerai|rappellerons
        ne * repondre * appel|telephone|vous|maintenant|instant|moment|actuellement
        ne peux|pouvons|peut|suis|sommes pas|actuellement * repondre|prendre|disponible|mesure
        recontacterai|recontacterons|recontacter
        pas * prendre votre|ton appel
    """,
    Sign.MAYBE_VOICEMAIL: """
        pas disponible|disponibles|la|joignable|joindre
        absent|absente|absents|indisponible|indisponibles|occupe|occupee
        pour le moment|instant
        vous etes|etes bien? sur|chez
        bonjour|bienvenue * vous etes
        horaires|heures d ouverture
        fermes|ferme|fermee
        en reunion|vacances|conge
        des|aussi|que possible|vite|rapidement
    """,
    Sign.FULL: """
        messagerie|boite|repondeur * pleine|plein|saturee|complete
        ne * recevoir|prendre|accepter|enregistrer|deposer * messages|message
    """,
    Sign.SCREENER: """
        nom * raison|motif|pourquoi|objet
        filtrage|filtre|filtrer|filtres * appel|appels
        personne * appelez|essayez|joindre * utilise|service
        copie|transcription|retranscription * conversation|appel
        voir|verifier|vais|verifie si * disponible|peut|joignable
        google|truecaller
        appel * filtre|filtree
        objet|motif|raison|objets de votre appel
        qui etes vous * objet|motif|pourquoi|raison
        avant de vous * passer|mettre|connecter
    """,
    Sign.MAYBE_SCREENER: """
        dites|donnez|indiquez|enregistrez|enoncez|precisez * nom
        raison|motif|objet de votre|l appel
        pourquoi vous
        restez|patientez|gardez en ligne
        assistant|assistante virtuel|virtuelle|numerique|vocal|personnel
    """,
    Sign.MENU: """
        tapez|appuyez|composez|faites|pressez|taper * zero|un|une|deux|trois|quatre|cinq|six|sept|huit
        tapez|appuyez|composez|faites|pressez|taper * neuf|0|1|2|3|4|5|6|7|8|9
        tapez|appuyez|composez * touche|diese|etoile|poste
        menu|choix|options suivant|suivants|principal|suivantes
        faites votre choix
        conseillers|conseiller|agents|agent * occupes|disponible|libre|ligne|occupees|disponibles
        operateurs|operateur|correspondants|lignes * occupes|disponible|libre|ligne|occupees|disponibles
        temps|file d attente
        attente estime
        en quelques mots
        appel est important
    """,
    Sign.MAYBE_MENU: """
        appel|appels|conversation|conversations|communication * enregistre|enregistree|enregistres|enregistrees
        bienvenue chez|au|a|dans|sur
        veuillez|merci de? patienter|rester
        merci d avoir appele
        pour * tapez|appuyez|faites|dites
        mettons|mettre en relation
        mise en relation
    """,
    Sign.UNALLOCATED: """
        numero * pas|plus|non attribue|attribuee|service|valide|valable
        n est pas|plus attribue|attribuee
        pas|plus en service
        numero * n existe|incorrect|invalide|change
        verifier|verifiez le|votre|numero numero
        hors service
    """,
    Sign.UNREACHABLE: """
        ne peut|pouvez|peuvent|pouvons aboutir|pas? joindre|etre joint|abouti|joint|acheminer
        ne peut|pouvez|pas aboutir
        appel|communication * aboutir|etabli|etablie|abouti
        correspondant|abonne|personne * pas|ne|plus * joignable|joint|repondre|disponible|joindre
        injoignable
        renouveler|renouvele|renouvelez votre|vos appel
        reseau|lignes * sature|encombre|encombrees|occupees|saturees
        eteint|hors de portee
    """,
    Sign.MAYBE_UNREACHABLE: """
        numero|correspondant|abonne|personne que? vous|demande|avez|compose|appelez|demandez
        correspondant demande
        renouveler|rappeler|reessayer|rappelez|reessayez|ressayer * ulterieurement|plus|appel|tard
        ulterieurement
        momentanement|actuellement|pas joignable|disponible|indisponible
    """,
    Sign.HUMAN: """
        puis|peux|pouvons je|nous|on? vous|t? aider|renseigner|etre
        que puis|peux|pouvons
        qui est|etes|parle|appelle a|vous|l|la
        c est qui
        de la part
        voulez|souhaitez|veux|voudriez|souhaiteriez vous|tu|que|laisser * message|laisser|rappelle
        prendre un message
        ne quittez pas
        un instant|moment|seconde je|s|minute
        vous m? entendez|ecoute
        je vous? ecoute
        oui j|je ecoute
        a qui
        je vous passe
        c est pour|a quel
    """,
}

"""What is said when a call is answered in English."""

from trunkline.engine.greetings.signs import Sign

ENGLISH = {
    Sign.VOICEMAIL: """
        leave|leaving|record * message|messages
        leave|leaving * name and|number|your
        leave us|me a? brief|short|quick|detailed|name|number|word
        after|at|following the? sound? of? the? tone|beep|beat|signal
        wait|waiting for the? tone|beep
        voicemail|voicemails
        voice mail|mailbox
        answering machine|service
        mailbox of
        get|be back to|with you as|soon|when|shortly
        return your call
        call you back as|when|soon|shortly|at
        cant|cannot|unable|not * answer|take|get|come your|the|to call|phone
        cant|cannot|unable come|get to the phone
        miss|missed your call
        done|finished * hang up
        hang up or press
        youve|you * reached * phone of
        you know what to do
        nobody|noone|one is? available|here to take|answer
    """,
    Sign.MAYBE_VOICEMAIL: """
        youve|you have? reached|reach
        not|nobody|noone available
        is|are|im|am|currently unavailable
        not * right now
        not * at the moment
        away from
        please leave
        out of * office
        call you back
        get back to you
        busy|driving|meeting|holiday|vacation
        office|business hours
        hours are
        text me
        thanks|thank you for calling
    """,
    Sign.FULL: """
        mailbox|mail|box|voicemail is|currently|are currently? full
        mailbox|box|voicemail * cannot|cant|not accept
        cannot|cant|not|unable * accept * messages
        mailbox|box|voicemail * not * set up
        not * set up * mailbox|voicemail
    """,
    Sign.SCREENER: """
        name * reason|why|purpose|regarding|about
        who|whos you|calling|are * and why|what
        screening|screened service|calls|call|by|assistant
        call|calls screening|screener
        using|uses a|google|call screening|screener|assistant
        screen|screens|screening * calls
        person * calling is using
        copy|transcript of this conversation|call
        see if * available|take|wants|can|home|free
        truecaller|robokiller|nomorobo|hiya|youmail
        try|trying to connect|reach you|them
        answer|answering * call on behalf
        state your name
        asked|ask me to answer
        before i|we try|can|connect|put
        recording|transcribing this call for
        tell me who|whos
        call assist
        unwanted|spam|robocalls|robocall|telemarketers calls|from|press|please|and
        prove * human|robot
    """,
    Sign.MAYBE_SCREENER: """
        say|record|speak|give * your name
        why youre|you calling|are
        reason for * call|calling
        let them|him|her know
        connect you|your
        stay on the line
        digital|virtual|automated|personal assistant
    """,
    Sign.MENU: """
        press|dial|push|hit|choose|select|enter|say zero|one|two|three|four|five|six|seven|eight|nine
        press|dial|push|hit|choose|select|enter|say 0|1|2|3|4|5|6|7|8|9
        press|dial|push|hit the? star|pound|hash|any|key|number
        main|following menu|options|choices
        listen * carefully|menu|options
        menu|options * changed
        if|when you know * extension
        enter * extension|pin|account|digit|number
        in a few words
        para espanol
        next available agent|representative|operator|advisor|adviser|associate|specialist|team|person
        all * agents|representatives|operators|advisors|advisers|lines|associates * busy|assisting|helping|currently
        your call is * important
        call will be answered
        place|position|number in * queue|line
    """,
    Sign.MAYBE_MENU: """
        calls|call may|will|is|are * recorded|monitored
        thank|thanks you? for calling
        please hold|wait|stay
        for * press
        transfer|transferring|connect|connecting your|you call|now|to
        sales|billing|support|emergency
    """,
    Sign.UNALLOCATED: """
        not|no|longer|out|of in service|use|operation
        no longer in service|use
        been|is|was disconnected|discontinued|changed
        not|no * working|valid|existing number
        invalid number
        number * invalid|unallocated|unassigned
        cannot|cant|not * completed|connected as
        check the|your number
        number * not|isnt * recognised|recognized|assigned|allocated|connected|exist
        number * doesnt|does not? exist
        incorrect number
        not|no longer * subscriber
    """,
    Sign.UNREACHABLE: """
        switched|turned|powered off
        out|outside of? * coverage|service|range area|reach|range
        cannot|cant|not|unable be? reached|reachable
        all|our circuits|lines|channels are|busy
        network * busy|congested|congestion|difficulties|error
        cannot|cant|not|unable|could * completed|connected|put|complete|connect|through
        not accepting|receiving|taking * calls
        blocked|barred|restricted * calls|number|call
        calling|calling * restrictions|restricted
        not|no answering please|try
    """,
    Sign.MAYBE_UNREACHABLE: """
        number|person|customer|subscriber you|your|youve|phone|customer have|are|is|dialed
        number|person|customer|subscriber you|your|youve|phone|customer dialled|called|calling|trying|call
        party|user|cellular|wireless|mobile you|your|youve|phone|customer have|are|is|dialed
        party|user|cellular|wireless|mobile you|your|youve|phone|customer dialled|called|calling|trying|call
        try * later|again
        temporarily
        not|is unavailable|available
        is not? available|unavailable
        were|we are? sorry
        hang up and
    """,
    Sign.HUMAN: """
        how can|may|could|might i|we help|assist|direct|be
        what can|may|could i|we do|help|get
        who|whos is? this|calling|speaking|that|there
        may|can|could|might i|we ask
        can|could|may|shall i|we|you? take|give|pass|leave * message
        would|do|did|want you like|want|to|wanna * leave|message
        want to leave
        can|may|let|shall|could|ill i|me? call|ring|text|phone you back
        can you call
        how are|is you|it
        what is|do you|this|it|about|want
        whats this|up|it|going
        can|do you hear
        are you there
        ill|let|i will|just|me put|get|see|check|grab|transfer|pass you|him|her|if|them|it
        hold on
        one moment|second|sec|minute
        just a moment|second|sec|minute
        speaking how|who|what
        who * calling please
        speak up
        you want to? speak|talk
    """,
}

"""What is said when a call is answered in Spanish."""

from trunkline.engine.greetings.signs import Sign

SPANISH = {
    Sign.VOICEMAIL: """
        deje|deja|dejar|dejen|dejanos|dejenos|dejeme|dejame|grabe|graba * mensaje|nombre|recado|numero|datos|mensajes
        despues|tras|al|oir|escuchar|suene|luego de|la|el|del|oir senal|tono|pitido|bip|beep|tonos
        al|tras|escuchar|oir|esperar oir|la|el|escuchar? tono|senal|pitido|bip
        buzon|contestador|contestadora|voicemail
        correo de voz
        devolvere|devolveremos|devuelvo|devolver * llamada
        llamare|llamaremos|llamo|contactare|contactaremos * cuanto|pronto|antes|posible|brevedad
        no * atender * llamada|telefono|momento|atenderle|atenderte|ahora
        no puedo|podemos|puede|podremos|pude * atender|atenderle|atenderte|contestar|coger|responder|atenderlo
        pondre|pondremos en contacto
    """,
    Sign.MAYBE_VOICEMAIL: """
        no estoy|estamos|esta|esta|encuentro|encuentra|encontramos disponible|casa|en|disponibles|disponible
        en este|estos momento|momentos
        ahora mismo
        ha|has|usted llamado|contactado|comunicado
        se|te ha comunicado
        fuera de? horario|oficina|la
        horario de|es
        reunion|vacaciones|ocupado|ocupada|ausente
        lo antes|mas posible|pronto
    """,
    Sign.FULL: """
        buzon|contestador|casilla * lleno|llena
        no * aceptar|recibir|grabar|dejar * mensajes|mensaje
    """,
    Sign.SCREENER: """
        nombre * motivo|razon|por
        filtro|filtrado|filtrar|filtra|filtrando * llamadas|llamada
        persona * llamando|llama|llamar|contactar * usa|usando|utiliza|utilizando|servicio
        copia|transcripcion * conversacion|llamada
        ver|vere|comprobar|comprobare|compruebo|verificar|consultare si * disponible|puede|libre|esta
        google|truecaller
        quien|quienes es * por que llama|llaman
        antes de pasar|conectar|transferir|pasarle
    """,
    Sign.MAYBE_SCREENER: """
        diga|di|grabe|indique|digame|graba|indica * nombre
        motivo|razon de|por * llamada|llama|cual
        por que llama
        mantengase|espere|permanezca * linea
        asistente virtual|digital|personal|automatico
    """,
    Sign.MENU: """
        pulse|pulsa|puse|marque|marca * cero|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve
        presione|oprima|presiona|digite|teclee * cero|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve
        pulse|pulsa|puse|marque|marca|presione|oprima|presiona|digite|teclee * el|0|1|2|3|4|5|6|7|8|9
        pulse|marque|presione|oprima|diga * tecla|almohadilla|asterisco|extension|numeral
        menu|opciones|siguientes principal|opciones|siguientes
        nuestros|todos|proximo * agentes|operadores|asesores * ocupados|disponible|atendera|atenderan|linea
        nuestros|todos|proximo * gestores|agente|asesor|operador * ocupados|disponible|atendera|atenderan|linea
        seleccione|elija|escuche * opcion|opciones
        tiempo de espera
        llamada es * importante
        lista de espera
    """,
    Sign.MAYBE_MENU: """
        llamada|llamadas|conversacion * grabada|grabadas|grabar|grabado
        bienvenido|bienvenida|bienvenidos a|al
        gracias por llamar|su|contactar
        por favor espere|no
        para * pulse|marque|presione|oprima|diga
        en breve|breves
    """,
    Sign.UNALLOCATED: """
        numero * no existe|existente
        no existe
        numero * incorrecto|cambiado|erroneo|desconectado|invalido
        no|fuera|de * en? servicio
        no * asignado|asignada|valido|dado
        no corresponde a
        verifique|compruebe|revise * numero|marcacion
    """,
    Sign.UNREACHABLE: """
        apagado|fuera de cobertura|servicio
        fuera de cobertura
        sin cobertura
        no puede|pueda|pudo|podemos|es ser? completada|completar|completarse|establecer
        no puede|pueda|pudo|podemos|es ser? realizar|cursada|cursarse|posible
        lineas|red|redes|circuitos * ocupadas|saturadas|congestionada|ocupados|saturada
        restringida|restringido|bloqueada
        abonado|cliente|usuario * no * disponible
    """,
    Sign.MAYBE_UNREACHABLE: """
        numero|telefono|abonado|cliente|usuario|movil|persona * marcado|llamado|llama|marcados|marca|solicitado
        intente|intentelo|llame|vuelva|intentarlo * tarde|nuevo|minutos|llamar|momentos
        no * disponible|localizable|disponibles
        temporalmente|actualmente|momentaneamente
    """,
    Sign.HUMAN: """
        en que|como puedo|podemos|le|te|puede ayudar|ayudarle|ayudarte|servirle|servir|ayudamos|ayudo|puedo
        que puedo|podemos|desea|desea|quiere|quieres|necesita|queria
        quien es|llama|habla|eres|le|me|llamaba|pregunta
        de parte de
        con quien
        quiere|desea|quieres|desearia|gustaria * dejar|mensaje|recado
        le|te|lo paso|pongo|comunico con|un
        un momento|segundo|momentito
        me oye|oyes|escucha|escuchas
        le|te escucho
        digame en
        a quien
        puedo|puede|le llamar|llamo|llamarle|llamarte * luego|tarde|despues
    """,
}

"""What the assistant says: fixed replies without long pauses, of one length each so that the far end knows where their
middle and end are."""

FIRST_MESSAGE = "Good morning and welcome to the service desk."

SHORT = (
    "I have made a note of that for you.",
    "Thank you that is very clear to me.",
    "That is good and we can go on from there.",
    "Let me write that down for you.",
    "That is no trouble at all for us.",
    "I will look into it this afternoon.",
    "It is in the system already I see.",
    "Everything is as it should be now.",
)

LONG = (
    "The engineer will come on Thursday morning and he will bring a new router along so that the line can be"
    " tested at once and nobody has to stay at home twice.",
    "Your parcel left the warehouse yesterday evening on a lorry to the depot in the north and the driver rings"
    " the bell at every door between ten and noon.",
    "Our offices are open every day except Sunday and the entrance is beside the old town hall and visitors may leave"
    " their car behind the building for two hours.",
    "The invoice was sent to your old address last month and that is why it never arrived so I have ordered a fresh copy"
    " that goes to the right place tonight.",
    "The garden chairs are sold in green and in brown and the cushions are washable and come in a bag while the whole set"
    " can be folded flat for the winter.",
    "The yearly check of your boiler takes about an hour because the technician needs some room around it and he leaves a"
    " small report with all the figures on paper.",
    "Most people choose the middle package for their family because it covers travel in all of Europe and it can be"
    " stopped at the end of any calendar month.",
    "The museum opens at nine in the summer and tickets are sold at the front desk and large bags must be left"
    " downstairs with the staff until you go home.",
    "The course has twelve lessons of ninety minutes with a teacher who speaks three languages very well and the book is"
    " included in the price that you have seen.",
    "The bridge is closed for repairs until Monday so the bus follows another road this week and it stops in front of"
    " the library instead of the market.",
)
"""Seven to nine seconds each."""

STYLES = {"short": SHORT, "long": LONG}

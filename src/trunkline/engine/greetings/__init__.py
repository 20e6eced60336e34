"""What is said when a call is answered, by language: the phrases of machines, and those that only people say.

A line is a phrase as ``engine/phrases.py`` reads it: words without accents, ``|`` between alternatives, ``*`` a gap.
"""

from collections.abc import Mapping

from trunkline.engine.greetings.dutch import DUTCH
from trunkline.engine.greetings.english import ENGLISH
from trunkline.engine.greetings.french import FRENCH
from trunkline.engine.greetings.german import GERMAN
from trunkline.engine.greetings.italian import ITALIAN
from trunkline.engine.greetings.signs import Sign
from trunkline.engine.greetings.spanish import SPANISH
from trunkline.engine.phrases import Book

BOOKS: Mapping[str, Book[Sign]] = {
    "en": Book(ENGLISH),
    "nl": Book(DUTCH),
    "de": Book(GERMAN),
    "fr": Book(FRENCH),
    "es": Book(SPANISH),
    "it": Book(ITALIAN),
}

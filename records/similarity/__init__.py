"""How alike two people or two firms are: facts compared one by one, each with its weight.

Everything here is pure: it takes what is known of two records as text, knows no database and no
language, and answers with a score from 0 to 100 and the facts that agree or differ. A fact that one
of the two lacks says nothing. The weights are in bits, as in the theory of record linkage: how many
times likelier is such an agreement between two spellings of one than between two strangers, as a
power of two. They are meant for any list of addresses; none of them knows a value of one.

    spelling   letters, sounds and typing errors; nicknames
    facts      what a comparison found, and the score that follows
    places     where somebody is, and how they are reached
    people     two persons
    firms      two companies
    blocks     the keys by which a database finds who is worth comparing

Similarity only ever proposes. What decides stands in `accounts.matching`.
"""

from records.similarity.blocks import blocks_of_firm, blocks_of_person
from records.similarity.facts import Fact, Likeness
from records.similarity.firms import Firm, alike_firms, firm_of
from records.similarity.people import Person, alike_people, person_of
from records.similarity.places import Place, place_of
from records.similarity.spelling import one_slip

__all__ = [
    "Fact",
    "Firm",
    "Likeness",
    "Person",
    "Place",
    "alike_firms",
    "alike_people",
    "blocks_of_firm",
    "blocks_of_person",
    "firm_of",
    "one_slip",
    "person_of",
    "place_of",
]

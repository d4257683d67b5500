"""Word error rate: words that must be changed, added or left out, of a hundred that were said."""

import re
import unicodedata

NUMBERS = {
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze".split(),
    "en": "zero one two three four five six seven eight nine ten eleven twelve".split(),
}


def words(text, language):
    """Words without signs and capitals; small numbers as words, apostrophes as gaps."""
    text = unicodedata.normalize("NFC", text.lower()).replace("’", "'")
    if language == "en":
        text = text.replace("'", "")
    found = re.findall(r"\w+", text)
    names = NUMBERS[language]
    return [names[int(it)] if it.isdigit() and int(it) < len(names) else it for it in found]


def errors(said, heard):
    """The fewest changes that make one list of words the other (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(
                row[place] + 1, row[place - 1] + 1, before + (word != other)
            )
    return row[-1]

"""Word error rate: words that must be changed, added or left out, of a hundred that were said."""

import re
import unicodedata

NUMBERS = {
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze".split(),
    "en": "zero one two three four five six seven eight nine ten eleven twelve".split(),
}
# Slips of the pen in the texts of the packages: nobody can hear them.
SLIPS = {
    "abregée": "abrégée",
    "acceuil": "accueil",
    "connection": "connexion",
    "démontration": "démonstration",
    "dévérouiller": "déverrouiller",
    "etait": "était",
    "ete": "été",
    "etes": "êtes",
    "etre": "être",
    "felicitation": "félicitations",
    "indentified": "identified",
    "premieres": "premières",
    "presentement": "présentement",
    "présentemnet": "présentement",
    "rappler": "rappeler",
    "represenatives": "representatives",
    "umute": "unmute",
    "verouillée": "verrouillée",
    "vérouiller": "verrouiller",
    "vérrouiller": "verrouiller",
    "witheld": "withheld",
    "étez": "été",
}


def words(text, language):
    """Words without signs and capitals; small numbers as words, apostrophes as gaps."""
    text = unicodedata.normalize("NFC", text.lower()).replace("’", "'")
    if language == "en":
        text = text.replace("'", "")
    found = re.findall(r"\w+", text)
    names = NUMBERS[language]
    return [names[int(it)] if it.isdigit() and int(it) < len(names) else it for it in found]


def spelt(text, language):
    """The words of a text of the packages, with its slips of the pen mended."""
    slips = {it: right for it, right in SLIPS.items() if language == "fr" or it != "connection"}
    return [slips.get(it, it) for it in words(text, language)]


def sounds(word):
    """A French word without endings that cannot be heard: "appuyez", "appuyer" and "appuyés" are one."""
    word = re.sub(r"(er|ez|ée?s?)$", "é", word)
    return re.sub(r"(?<=\w{3})(e?s|x|e)$", "", word)


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

"""Given names that people use for each other: the first of a line is the full one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

_LINES: Final = """
abigail abby gail
albert al bert bertie
alexander alex alec sandy sasha xander
alexandra alex sandra sandy sasha
alfred al alf fred
amanda mandy
andrew andy drew
andreas andi
angela angie
ann anne anna annie nan nancy
anthony antony tony
antonio toni tonio
arthur art
barbara barb babs
benjamin ben benny
bernard bernie
bridget biddy bridie
caroline carrie carol
catherine katherine kathryn cathy kathy kate katie kat kitty
charles charlie chuck chas
charlotte lottie charlie
christina christine chris chrissy tina
christopher chris kit topher
daniel dan danny
david dave davy
deborah debra deb debbie
donald don donnie
dorothy dot dottie dolly
edward ed eddie ned ted teddy
eduardo edu lalo
eleanor ellie nell nora
elizabeth elisabeth liz lizzie beth betty betsy bess eliza lisa libby elsa
emily em emmy
eugene gene
florence flo florrie
frances fran fanny
francis francisco frank paco pancho
franklin frank
frederick fred freddie
friedrich fritz
gabriel gabe
george georgie
gerald gerry jerry
gertrude trudy gert
gregory greg
harold harry hal
helen nell ellen
henry harry hank hal
hans johannes johann
heinrich heinz heiner
ignacio nacho
isabel isabella bella izzy
jacob jake
james jim jimmy jamie jem
jane jenny janie
janet jan
jennifer jen jenny
jeffrey geoffrey jeff geoff
jessica jess jessie
joan joanie
johanna hanna
john jon johnny jack
jonathan jon jonny
jose pepe
joseph joe joey jo
josephine jo josie
joshua josh
judith judy
karl carl
kenneth ken kenny
kimberly kim
lawrence laurence larry laurie
leonard len lenny leo
louis lewis lou
louise lou
luis lucho
lucille lucy lu
manuel manolo manny
margaret maggie meg peg peggy rita madge daisy greta marge
maria mary marie mia mimi
martha marty patty
martin marty
mary molly polly may mamie
matthew matt matty
maximilian max
melissa mel missy
michael mike mickey mick
michelle shelly
mohammed muhammad mohamed mohammad muhammed
nathaniel nathan nat nate
nicholas nicolas nick nicky
nicole nicky
oliver ollie
pamela pam
patricia pat patty tricia trish
patrick pat paddy
penelope penny
peter pete
philip phillip phil pip
rachel rae
raymond ray
rebecca becky becca
richard rick ricky rich dick
robert rob bob bobby robbie bert
roberto beto
ronald ron ronnie
rosemary rose rosie
russell russ
samantha sam
samuel sam sammy
sarah sara sally sadie
sebastian seb bastian
sophia sophie
stephanie steph
stephen steven steve stevie
susan suzanne susanna sue suzy susie
teresa theresa terry tess
theodore ted teddy theo
thomas tom tommy
timothy tim timmy
valerie val
veronica ronnie
victor vic
victoria vicky tori
vincent vince vinny
virginia ginny
walter walt wally
wilhelm willi willy
william will bill billy willie liam
zachary zach zack
"""


def _known() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in _LINES.split("\n"):
        full, *others = line.split() or [""]
        for other in others:
            # Two short forms of one name are the same name; two names with one short form aren't.
            found[other].add(full)
        found[full].add(full)
    return {name: frozenset(full) for name, full in found.items()}


_FULL: Final = _known()


def are_forms(one: str, other: str) -> bool:
    """Whether two folded given names can be forms of one name.

    >>> are_forms("bill", "william"), are_forms("bill", "robert")
    (True, False)
    """
    return not _FULL.get(one, frozenset()).isdisjoint(_FULL.get(other, frozenset()))


def forms(name: str) -> frozenset[str]:
    """The names that a folded given name may stand for, and its short forms."""
    full = _FULL.get(name, frozenset())
    return frozenset(other for other, of in _FULL.items() if full & of) - {name}

"""Small made-up releases in the true formats. No code or name of a real one is in them."""

from __future__ import annotations

from pathlib import Path

MODULE, PRIMITIVE, DEFINED = "900000000000207008", "900000000000074008", "900000000000073002"
FSN, SYNONYM = "900000000000003001", "900000000000013009"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"
IS_A = "116680003"


def table(path: Path, header: str, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\r\n" for line in (header, *rows)), newline="")
    return path


def snomed(folder: Path) -> Path:
    """A root, an animal, a dog that is an animal and barks, and a cat that was retired."""
    terminology = folder / "Snapshot" / "Terminology"
    table(
        terminology / "sct2_Concept_Snapshot_INT_20240101.txt",
        "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId",
        f"138875005\t20020131\t1\t{MODULE}\t{PRIMITIVE}",
        f"1001\t20240101\t1\t{MODULE}\t{PRIMITIVE}",
        f"1002\t20240101\t1\t{MODULE}\t{DEFINED}",
        f"1003\t20240101\t0\t{MODULE}\t{PRIMITIVE}",
        f"2001\t20240101\t1\t{MODULE}\t{PRIMITIVE}",
    )
    names = [
        ("9001", 1, "138875005", FSN, "Made-up Concept"),
        ("9002", 1, "1001", FSN, "Animal (organism)"),
        ("9003", 1, "1001", SYNONYM, "Animal"),
        ("9004", 1, "1002", FSN, "Dog (organism)"),
        ("9005", 1, "1002", SYNONYM, "Hound"),
        ("9006", 1, "1002", SYNONYM, 'Dog of the "house"'),
        ("9007", 0, "1002", SYNONYM, "No longer a name"),
        ("9008", 1, "1003", SYNONYM, "Cat"),
        ("9009", 1, "2001", SYNONYM, "Barks"),
    ]
    table(
        terminology / "sct2_Description_Snapshot-en_INT_20240101.txt",
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId",
        *(f"{i}\t20240101\t{a}\t{MODULE}\t{c}\ten\t{k}\t{text}\t0" for i, a, c, k, text in names),
    )
    relations = [
        ("1", 1, "1001", "138875005", IS_A),
        ("2", 1, "1002", "1001", IS_A),
        ("3", 0, "1002", "138875005", IS_A),
        ("4", 1, "1002", "2001", "3001"),
        ("5", 1, "2001", "138875005", IS_A),
    ]
    table(
        terminology / "sct2_Relationship_Snapshot_INT_20240101.txt",
        "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\t"
        "characteristicTypeId\tmodifierId",
        *(f"{i}\t20240101\t{a}\t{MODULE}\t{s}\t{d}\t0\t{k}\t0\t0" for i, a, s, d, k in relations),
    )
    table(
        folder / "Snapshot/Refset/Language/der2_cRefset_LanguageSnapshot-en_INT_20240101.txt",
        "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId",
        f"a\t20240101\t1\t{MODULE}\t900\t9006\t{PREFERRED}",
        f"b\t20240101\t1\t{MODULE}\t900\t9005\t{ACCEPTABLE}",
        f"c\t20240101\t1\t{MODULE}\t900\t9003\t{PREFERRED}",
    )
    return folder


def loinc(folder: Path) -> Path:
    folder = folder / "Loinc_9.99"
    table(
        folder / "LoincTable" / "Loinc.csv",
        '"LOINC_NUM","COMPONENT","PROPERTY","TIME_ASPCT","SYSTEM","SCALE_TYP","METHOD_TYP","CLASS",'
        '"STATUS","CONSUMER_NAME","CLASSTYPE","SHORTNAME","ORDER_OBS","EXAMPLE_UCUM_UNITS","LONG_COMMON_NAME"',
        '"90001-1","Moonlight","MCnc","Pt","Ser","Qn","","CHEM","ACTIVE","","1","Moon Ser","Both","mg/dL",'
        '"Moonlight [Mass/volume] in Serum, fasting"',
        '"90002-9","Stardust","MCnc","Pt","Ser","Qn","","CHEM","DEPRECATED","","1","Star Ser","","mg/dL",'
        '"Stardust [Mass/volume] in Serum"',
        '"90003-7","Mood","Find","Pt","^Patient","Ord","","SURVEY","ACTIVE","","4","Mood","","","Mood"',
    )
    table(
        folder / "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv",
        '"PATH_TO_ROOT","SEQUENCE","IMMEDIATE_PARENT","CODE","CODE_TEXT"',
        '"","1","","LP1-1","All"',
        '"LP1-1","1","LP1-1","LP2-9","Light"',
        '"LP1-1.LP2-9","1","LP2-9","90001-1","Moonlight Ser-mCnc"',
        '"LP1-1.LP2-9","2","LP2-9","90002-9","Stardust Ser-mCnc"',
    )
    table(
        folder / "AccessoryFiles" / "AnswerFile" / "AnswerList.csv",
        '"AnswerListId","AnswerListName","AnswerStringId","SequenceNumber","DisplayText"',
        '"LL1-1","Moods","LA1-1","1","Merry"',
        '"LL1-1","Moods","LA2-9","2","Sad, a little"',
    )
    table(
        folder / "AccessoryFiles" / "LinguisticVariants" / "deAT24LinguisticVariant.csv",
        '"LOINC_NUM","COMPONENT","LONG_COMMON_NAME"',
        '"90001-1","Mondlicht","Mondlicht im Serum"',
    )
    return folder


def rxnorm(folder: Path) -> Path:
    names = [
        ("1", "IN", "moonine", "N"),
        ("2", "SCD", "moonine 5 MG Oral Tablet", "N"),
        ("2", "SY", "moonine 5 mg tab", "N"),
        ("3", "SBD", "moonine 5 MG Oral Tablet [Lunar]", "N"),
        ("4", "IN", "gone drug", "O"),
    ]
    conso = [
        f"{code}|ENG||||||10{n}|10{n}|{code}||RXNORM|{kind}|{code}|{text}||{suppress}|4096|"
        for n, (code, kind, text, suppress) in enumerate(names)
    ]
    rel = [
        "1||CUI|RO|2||CUI|has_ingredient|77||RXNORM|RXNORM||||4096|",
        "2||CUI|RB|3||CUI|isa|78||RXNORM|RXNORM||||4096|",
        "2||CUI|RO|1||CUI|ingredient_of|79||RXNORM|RXNORM||||4096|",
    ]
    rrf = folder / "RxNorm_full_09022025" / "rrf"
    rrf.mkdir(parents=True)
    (rrf / "RXNCONSO.RRF").write_text("\n".join(conso) + "\n")
    (rrf / "RXNREL.RRF").write_text("\n".join(rel) + "\n")
    return rrf.parent


def icd10cm(folder: Path) -> Path:
    rows = [
        ("Z01", "0", "Made-up visits", "Made-up visits"),
        ("Z011", "1", "Visit of moon", "Visit of the moon"),
        ("Z01XX1A", "1", "Visit, initial", "Visit, initial encounter"),
    ]
    lines = [
        f"{n:05} {code:<7} {flag} {short:<60} {long}"
        for n, (code, flag, short, long) in enumerate(rows, 1)
    ]
    return table(folder / "icd10cm_order_2025.txt", lines[0], *lines[1:])


def icd11(folder: Path) -> Path:
    base = "http://id.who.int/icd/release/11/2024-01/mms"
    return table(
        folder / "LinearizationMiniOutput-MMS-en.txt",
        "Foundation URI\tLinearization URI\tCode\tBlockId\tTitle\tClassKind\tDepthInKind\tIsResidual\tChapterNo",
        f"f/1\t{base}/1\t\t\tMade-up diseases\tchapter\t1\tFalse\t01",
        f"f/2\t{base}/2\t\tBlockL1-9Z0\t- Diseases of light\tblock\t1\tFalse\t01",
        f"f/3\t{base}/3\t9Z00\t\t- - Moonburn\tcategory\t1\tFalse\t01",
        f"\t{base}/4\t9Z00.Z\t\t- - - Moonburn, unspecified\tcategory\t2\tTrue\t01",
    )


def cvx(folder: Path) -> Path:
    """In UTF-16 and with blanks before the bars, as it is published."""
    rows = [
        "901       |moon vaccine|moon vaccine, live, oral|Two tablets|Active|False|2024/06/13",
        "902       |old vaccine|old vaccine|  |Inactive|False|2010/05/28",
        "998       |no vaccine|no vaccine administered||Inactive|True|2010/05/28",
    ]
    path = folder / "cvx.txt"
    path.write_text("\r\n".join(rows) + "\r\n", encoding="utf-16", newline="")
    return path

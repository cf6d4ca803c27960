"""Which structure a message has when MSH-9.3 doesn't say it (table 0354 of v2.8.2)."""

from __future__ import annotations

from typing import Final

_BY_STRUCTURE: Final = {
    "ADT_A01": "A01 A04 A08 A13",
    "ADT_A02": "A02",
    "ADT_A03": "A03",
    "ADT_A05": "A05 A14 A28 A31",
    "ADT_A06": "A06 A07",
    "ADT_A09": "A09 A10 A11",
    "ADT_A12": "A12",
    "ADT_A15": "A15",
    "ADT_A16": "A16",
    "ADT_A17": "A17",
    "ADT_A18": "A18",
    "ADT_A20": "A20",
    "ADT_A21": "A21 A22 A23 A25 A26 A27 A29 A32 A33",
    "ADT_A24": "A24",
    "ADT_A30": "A30 A34 A35 A36 A46 A47 A48 A49",
    "ADT_A37": "A37",
    "ADT_A38": "A38",
    "ADT_A39": "A39 A40 A41 A42",
    "ADT_A43": "A43 A44",
    "ADT_A45": "A45",
    "ADT_A50": "A50 A51",
    "ADT_A52": "A52 A53",
    "ADT_A54": "A54 A55",
    "ADT_A60": "A60",
    "ADT_A61": "A61 A62",
    "MDM_T01": "T01 T03 T05 T07 T09 T11",
    "MDM_T02": "T02 T04 T06 T08 T10",
    "ORU_R01": "R01 R40",
    "ORU_R30": "R30 R31 R32",
    "PPR_PC1": "PC1 PC2 PC3",
    "PGL_PC6": "PC6 PC7 PC8",
    "PPP_PCB": "PCB PCC PCD",
    "PPG_PCG": "PCG PCH PCJ",
    "REF_I12": "I12 I13 I14 I15",
    "RQA_I08": "I08 I09 I10 I11",
    "RPA_I08": "I08 I09 I10 I11",
    "RDE_O11": "O11 O25",
    "SIU_S12": "S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27",
    "SRM_S01": "S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11",
    "SRR_S01": "S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11",
    "QBP_Q21": "Q21 Q22 Q23 Q24 Q25",
    "CRM_C01": "C01 C02 C03 C04 C05 C06 C07 C08",
    "CSU_C09": "C09 C10 C11 C12",
    "PEX_P07": "P07 P08",
    "RRE_O12": "O12 O26",
}
STRUCTURES: Final = {
    (structure[:3], event): structure
    for structure, events in _BY_STRUCTURE.items()
    for event in events.split()
}
USUAL: Final = {
    "ADT": "ADT_A01", "ORU": "ORU_R01", "ORM": "ORM_O01", "SIU": "SIU_S12", "MDM": "MDM_T02",
    "VXU": "VXU_V04", "DFT": "DFT_P03", "OML": "OML_O21", "RDE": "RDE_O11", "PPR": "PPR_PC1",
    "REF": "REF_I12", "BAR": "BAR_P01", "OUL": "OUL_R22", "QBP": "QBP_Q11", "RSP": "RSP_K21",
    "ACK": "ACK",
}  # fmt: skip
"""For an event that nobody knows: what a message of that type mostly looks like."""

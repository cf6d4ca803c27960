"""Body Part Examined (0018,0015) as SNOMED CT codes: a table.

The keywords are those of PS3.16 Annex L (table L-1) and the common shorter ones; codes and meanings
are of the concepts of PS3.16 context groups 4, 4009, 4030, 4031 and 4042.
https://dicom.nema.org/medical/dicom/current/output/html/part16.html#chapter_L
"""

from __future__ import annotations

import re
from typing import Final

from fhirserver.model.resource import Resource

SNOMED: Final = "http://snomed.info/sct"
_SEPARATORS: Final = re.compile(r"[\s_\-.,/]+")
_TABLE: Final = """
ABDOMEN 818981001 Abdomen
ABDOMENPELVIS 818982008 Abdomen and Pelvis
ABDOMINALAORTA 7832008 Abdominal aorta
ABDPELVIS 818982008 Abdomen and Pelvis
ACJOINT 85856004 Acromioclavicular joint
ADRENAL 23451007 Adrenal gland
ANKLE 70258002 Ankle joint
ANTTIBIALA 68053000 Anterior tibial artery
ANUS 53505006 Anus
ANUSRECTUMSIGMD 110612005 Anus, rectum and sigmoid colon
AORTA 15825003 Aorta
AORTICARCH 57034009 Aortic arch
ARM 40983000 Upper arm
ARTERY 51114001 Artery
ASCAORTA 54247002 Ascending aorta
ATRIUM 59652004 Atrium
AXILLA 91470000 Axilla
AXILLARYA 67937003 Axillary Artery
AXILLARYV 68705008 Axillary vein
AZYGOSVEIN 72107004 Azygos vein
BACK 77568009 Back
BILEDUCT 28273000 Bile duct
BILIARYTRACT 34707002 Biliary tract
BLADDER 89837001 Bladder
BLADDERURETHRA 110837003 Bladder and urethra
BRACHIALA 17137000 Brachial artery
BRACHIALV 20115005 Brachial vein
BRAIN 12738006 Brain
BREAST 76752008 Breast
BRONCHUS 955009 Bronchus
BUTTOCK 46862004 Buttock
CALCANEUS 80144004 Calcaneus
CALF 30021000 Lower leg
CAROTID 69105007 Carotid Artery
CAROTIDA 69105007 Carotid Artery
CEREBELLUM 113305005 Cerebellum
CEREBRALA 88556005 Cerebral artery
CERVIX 71252005 Cervix
CHEEK 60819002 Cheek
CHEST 816094009 Chest
CHESTABDOMEN 416550000 Chest and Abdomen
CHESTABDPELVIS 416775004 Chest, Abdomen and Pelvis
CIRCLEOFWILLIS 11279006 Circle of Willis
CLAVICLE 51299004 Clavicle
COCCYX 64688005 Coccyx
COLON 71854001 Colon
COMBILEDUCT 79741001 Common bile duct
COMCAROTIDA 32062004 Common carotid artery
COMFEMORALA 181347005 Common Femoral Artery
COMILIACA 73634005 Common iliac artery
COMILIACV 46027005 Common iliac vein
CORNEA 28726007 Cornea
CORONARYARTERY 41801008 Coronary artery
CORONARYSINUS 90219004 Coronary sinus
CSPINE 122494005 Cervical spine
CTSPINE 1217257000 Cervico-thoracic spine
DUODENUM 38848004 Duodenum
EAR 117590005 Ear
ELBOW 16953009 Elbow joint
EPIGASTRIC 27947004 Epigastric region
ESOPHAGUS 32849002 Esophagus
ETHMOIDBONE 52374004 Ethmoid bone
EXTCAROTIDA 22286001 External carotid artery
EXTREMITY 66019005 Extremity
EYE 81745001 Eye
EYELID 80243003 Eyelid
FACE 89545001 Face
FACIALBONES 91397008 Facial bones
FEMORALA 7657000 Femoral artery
FEMORALV 83419000 Femoral vein
FEMUR 71341001 Femur
FIBULA 87342007 Fibula
FINGER 7569003 Finger
FLANK 58602004 Flank
FOOT 56459004 Foot
FOREARM 14975008 Forearm
FRONTALBONE 74872008 Frontal bone
GALLBLADDER 28231008 Gallbladder
HAND 85562004 Hand
HEAD 69536005 Head
HEADNECK 774007 Head and Neck
HEART 80891009 Heart
HEPATICA 76015000 Hepatic artery
HEPATICV 8993003 Hepatic vein
HIP 24136001 Hip joint
HUMERUS 85050009 Humerus
HYOIDBONE 21387005 Hyoid bone
HYPOCHONDRIAC 19695001 Subcostal
HYPOGASTRIC 11708003 Hypogastric region
HYPOPHARYNX 81502006 Hypopharynx
IAC 361078006 Internal Auditory Canal
ILEUM 34516001 Ileum
ILIACA 10293006 Iliac artery
ILIACV 244411005 Iliac vein
ILIUM 22356005 Ilium
INFVENACAVA 64131007 Inferior vena cava
INGUINAL 26893007 Inguinal region
INNEREAR 22945000 Inner ear
INTCAROTIDA 86117002 Internal carotid artery
INTJUGULARV 12123001 Internal jugular vein
INTMAMMARYA 69327007 Internal mammary artery
IVC 64131007 Inferior vena cava
JAW 661005 Jaw region
JEJUNUM 21306003 Jejunum
JOINT 39352004 Joint
KIDNEY 64033007 Kidney
KNEE 72696002 Knee
LARGEINTESTINE 14742008 Large intestine
LARYNX 4596009 Larynx
LATRIUM 82471001 Left atrium
LEG 30021000 Lower leg
LINGUALA 113264009 Lingual artery
LIP 48477009 Lip
LIVER 10200004 Liver
LLQ 68505006 Left lower quadrant of abdomen
LOWERLIMB 61685007 Lower limb
LSPINE 122496007 Lumbar spine
LSSPINE 1217253001 Lumbo-sacral spine
LUMBAR 52612000 Lumbar region
LUMBARA 34635009 Lumbar artery
LUNG 39607008 Lung
LUQ 86367003 Left upper quadrant of abdomen
LVENTRICLE 87878005 Left ventricle
MANDIBLE 91609006 Mandible
MASTOID 59066005 Mastoid bone
MAXILLA 70925003 Maxilla
MEDIASTINUM 72410000 Mediastinum
MESENTRICA 86570000 Mesenteric artery
MESENTRICV 128583004 Mesenteric vein
MIDDLEEAR 25342003 Middle ear
MOUTH 123851003 Mouth
NASALBONE 74386004 Nasal bone
NASOPHARYNX 360955006 Nasopharynx
NECK 45048000 Neck
NECKCHEST 417437006 Neck and Chest
NECKCHESTABDOMEN 416152001 Neck, Chest and Abdomen
NECKCHESTABDPELV 416319003 Neck, Chest, Abdomen and Pelvis
NOSE 45206002 Nose
OCCIPITALBONE 31640002 Occipital bone
OMENTUM 27398004 Omentum
OPTICCANAL 55024004 Optic canal
ORBIT 363654007 Orbital structure
OVARY 15497006 Ovary
PANCBILEDUCT 110621006 Pancreatic duct and bile duct systems
PANCREAS 15776009 Pancreas
PANCREATICDUCT 69930009 Pancreatic duct
PARASTERNAL 91691001 Parasternal
PARATHYROID 111002 Parathyroid
PARIETALBONE 24924006 Parietal bone
PAROTID 45289007 Parotid gland
PATELLA 64234005 Patella
PELVIS 816092008 Pelvis
PELVISLOWEXTREMT 1231522001 Pelvis and lower extremities
PENIS 18911002 Penis
PERINEUM 38864007 Perineum
PERONEALA 8821006 Peroneal artery
PHANTOM 706342009 Phantom
PHARYNX 54066008 Pharynx
PHARYNXLARYNX 312535008 Pharynx and larynx
POPLITEALA 43899006 Popliteal artery
POPLITEALFOSSA 32361000 Popliteal fossa
PORTALV 32764006 Portal vein
PROSTATE 41216001 Prostate
PULMONARYA 81040000 Pulmonary artery
PULMONARYV 122972007 Pulmonary vein
RADIALA 45631007 Radial artery
RATRIUM 73829009 Right atrium
RECTUM 34402009 Rectum
RENALA 2841007 Renal artery
RENALV 56400007 Renal vein
RETROPERITONEUM 82849001 Retroperitoneum
RIB 113197003 Rib
RLQ 48544008 Right lower quadrant of abdomen
RUQ 50519007 Right upper quadrant of abdomen
RVENTRICLE 53085002 Right ventricle
SALIVARYGLAND 385294005 Salivary gland
SCALP 41695006 Scalp
SCAPULA 79601000 Scapula
SCJOINT 7844006 Sternoclavicular joint
SCLERA 18619003 Sclera
SCROTUM 20233005 Scrotum
SELLA 42575006 Sella turcica
SHOULDER 16982005 Shoulder
SIGMOID 60184004 Sigmoid colon
SIJOINT 39723000 Sacroiliac joint
SINUS 2095001 Paranasal sinus
SKULL 89546000 Skull
SMALLINTESTINE 30315005 Small intestine
SPHENOIDBONE 73117003 Sphenoid bone
SPINALCORD 2748008 Spinal cord
SPINE 421060004 Spine
SPLEEN 78961009 Spleen
SPLENICA 22083002 Splenic artery
SPLENICV 35819009 Splenic vein
SSPINE 54735007 Sacrum
STERNUM 56873002 Sternum
STOMACH 69695003 Stomach
SUBCLAVIANA 36765005 Subclavian artery
SUBCLAVIANV 9454009 Subclavian vein
SUBMANDIBULAR 54019009 Submandibular gland
SUPTHYROIDA 72021004 Superior thyroid artery
SVC 48345005 Superior vena cava
TARSALJOINT 27949001 Tarsal joint
TEMPORALBONE 60911003 Temporal Bone
TESTIS 40689003 Testis
THIGH 68367000 Thigh
THORACICAORTA 113262008 Thoracic aorta
THORAX 816094009 Thorax
THUMB 76505004 Thumb
THYMUS 9875009 Thymus
THYROID 69748006 Thyroid
TLSPINE 1217256009 Thoraco-lumbar spine
TMJ 53620006 Temporomandibular joint
TOE 29707007 Toe
TONGUE 21974007 Tongue
TOOTH 38199008 Tooth
TRACHEA 44567001 Trachea
TRACHEABRONCHUS 110726009 Trachea and bronchus
TSPINE 122495006 Thoracic spine
ULNARA 44984001 Ulnar artery
UMBILICAL 90290004 Umbilical region
UPPERLIMB 53120007 Upper limb
UPRURINARYTRACT 431491007 Upper urinary tract
URETER 87953007 Ureter
URETHRA 13648007 Urethra
UTERUS 35039007 Uterus
UTERUSFALLOPIAN 110639002 Uterus and fallopian tubes
VEIN 29092000 Vein
VENACAVA 35532006 Vena cava
VENTRICLE 21814001 Ventricle
VERTEBRALA 85234005 Vertebral artery
VULVA 45292006 Vulva
WHOLEBODY 38266002 Entire body
WRIST 74670003 Wrist joint
ZYGOMA 13881006 Zygoma
"""


def _read(table: str) -> dict[str, tuple[str, str]]:
    rows = (line.split(" ", 2) for line in table.strip().splitlines())
    return {keyword: (code, meaning) for keyword, code, meaning in rows}


SITES: Final = _read(_TABLE)


def body_site(told: str) -> Resource | None:
    """The Coding of a body part; one with its text alone where the table doesn't have it.

    >>> body_site("C SPINE")["code"], body_site("BACK_OF_BEYOND")
    ('122494005', {'display': 'BACK_OF_BEYOND'})
    """
    if not told:
        return None
    found = SITES.get(_SEPARATORS.sub("", told).upper())
    if found is None:
        return {"display": told}
    code, meaning = found
    return {"system": SNOMED, "code": code, "display": meaning}


_SIDES: Final = {
    "L": ("7771000", "Left"),
    "R": ("24028007", "Right"),
    "B": ("51440002", "Right and left"),
}


def laterality(told: str) -> Resource | None:
    """Laterality (0020,0060) as a Coding (PS3.16 CID 244); U, unpaired, says nothing of a side."""
    found = _SIDES.get(told.upper())
    if found is None:
        return None
    return {"system": SNOMED, "code": found[0], "display": found[1]}

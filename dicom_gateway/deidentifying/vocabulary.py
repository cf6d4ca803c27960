"""Words that descriptions of studies, series and protocols keep when they are cleaned (E.3.5).

A list of what may stay, not of what must go: nobody can list all names. Words of anatomy,
modalities, techniques, contrast, orientation and reconstruction; English, German, French, Spanish
and Latin as consoles write them. Numbers stay only with their unit.
"""

from __future__ import annotations

import re
from typing import Final

_LIST: Final = """
abd abdomen abdominal ac acetabulum acquisition adc adrenal airway and angio angiogram angiography
angled ankle ant anterior aorta aortic aortogram ap appendix arch arm arms arterial arteries
artery arthro arthrography asl asset atrium avec average ax axial axilla axillary b0 baseline
bassin becken bein bh bilat bilateral biopsy bladder blade bold bolus bolustracking bone bones
bowel brachial brain bravo breast breath breathhold bronchi bronchus brustkorb c caecum calc
calcaneus calf calibration cardiac carotid carpal cbf cbv cc cemra cerebral cerebrum cervical
cervix chest cine ciss clavicle coccyx coeur colon colonography columna con concat contrast cor
cord coronal coronary cou coude cr crane cranial cranium ct cta ctdi ctp ctv cube dce delay
delayed derived diffusion digit dir dixon doppler dose dr drr dti dual duodenum dwi dx dynamic
early ecc ecg echo echoes ed edge ekg elbow ellenbogen endometrium enhanced epaule epi es
esophagus et exp expiration expiratory ext extremity eye face facial fast fat fatsat fb feet
femoral femur fetal fetus ffe fgre fibula fid field fiesta fil filter filtered finger fingers
first flair flash flex flow fluoro fluoroscopy foot for forearm fov fractional frame frames fs fse
fsgr fspgr functional fusion fuss gad gadolinium gallbladder gated gating gehirn genou gradient
grappa gre hals hanche hand hands haste hd head heart heel helical herz high hip hips hires hr
hueft hueftgelenk humerus hws i iac iliac image images inf innominate inphase inspiration
inspiratory intestine inv inversion ir iso isotropic iterative iv jaw joint joints kernel kidney
kidneys kiefer km knee knees knie kontrast kopf kub larynx lat late lateral lava ld leber left leg
legend legs lge li links liver ll lobe loc localiser localizer long low lower lt lumbar
lumbosacral lung lunge lungs lws magnitude main mamma mammo mammography mandible map mapping maps
mask mastoid maxilla medial mediastinum mesenteric metacarpal metatarsal mg minip mip mit mlo
motion mpr mprage mr mra mrcp mri mrv mtt multi multiphase muscle myocardium nasal nativ native nc
ne neck neonatal nerve nm non noncontrast nose obl oblique occipital oct oesophagus of ohne oph
opposed opt optic or oral orbit orbita orbits outphase ovary overlay oversampling pa pancreas par
parallel paranasal parathyroid parotid partial patella pelvic pelvis perf perfusion pericardium
pet petct petrous ph phalanx pharynx phase pied pilot pituitary placenta plain plane pleura po
poignet popliteal portal portovenous post postcontrast posterior pr pre precontrast prep presat
projection prone propeller prosp prostate protocol proton psir pulmonary px qa quant quick rachis
radial radiograph radiography range raw re rechts recon reconstructed reconstruction rectal rectum
reformat reformatted renal resolution rest retro retroperitoneum rf rib ribs right roentgen roi
rot rotation routine rt rtdose rtplan rtstruct sacroiliac sacrum sag sagittal salivary sans save
sc scan scanogram scaphoid scapula schaedel schulter scintigraphy scout screen screening
screenshot se seg sella sense sequence series short shoulder shoulders shuffle sin single sinus
sinuses skull slab slice slices sm small smart soft sp space spect spgr spin spinal spine spiral
spleen spoiled sr standard standing stat std sternum stir stomach stress study subclavian
submandibular subtracted subtraction sup supine surface survey susceptibility swi sws tagged talus
tarsal te temporal test testis tete the thick thigh thin thoracic thorax thumb thymus thyroid ti
tibia time timing tir tissue tmj toe toes tof tomography tomosynthesis tooth topogram tr tra trace
trachea tracker tracking trans transversal transverse trauma tse ttp tumor turbo ultrasound und
unilateral upright us uterus v vascular vein veins venous ventricle vertebra vertebral vesica vibe
view views vol volume volumetric w w/o warp water wb weighted whole wide window wirbelsaeule with
without wo wrist xa xr xray zehe zoom
"""
WORDS: Final = frozenset(_LIST.split())
_WORD: Final = re.compile(r"\b[wW]/[oO]\b|[^\W_]+(?:[.,]\d+\w*)?")
_NUMBERED: Final = re.compile(
    r"(?:[TtBbCcLlSsHh]\d{1,2}(?:[wW])?|\d{1,3}(?:[.,]\d{1,2})?(?:mm|cm|ms|s|sec|min|kv|kvp|ma|mas|"
    r"t|deg|hu|ml|cc|mgi|phase|ph|b|view|views|st|nd|rd|th)|[1-4]d|t[12]w?|pd|pdw|b\d{1,4})",
    re.IGNORECASE,
)


def cleaned(text: str) -> str:
    """The words of a description that may stay, a space between them.

    >>> cleaned("CT Thorax/Abdomen w/o contrast 5mm, J. Doe *01.02.1950")
    'CT Thorax Abdomen w/o contrast 5mm'
    """
    return " ".join(
        word
        for word in _WORD.findall(text)
        if word.casefold() in WORDS or _NUMBERED.fullmatch(word)
    )

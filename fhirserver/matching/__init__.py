"""Whether two Patients are the same person: weighed, graded and explained. Pure.

made = features_of(patient)
for search in searches(made):        # where candidates are to be looked for
    ...
found = judged(made, features_of(candidate))
found.score, found.grade, found.agreements
"""

from fhirserver.matching.blocking import searches
from fhirserver.matching.features import Features, features_of
from fhirserver.matching.grading import Judgement, judged
from fhirserver.matching.weights import Agreement, Grade

__all__ = ["Agreement", "Features", "Grade", "Judgement", "features_of", "judged", "searches"]

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { useTexts } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";
import { cardsFor, type Card, type Question } from "./cards.ts";

/** The cards for a question; nothing is asked while it is undefined. What was found stays until the next answer is there. */
export function useCards(asked: Question | undefined): UseQueryResult<Card[]> {
  const { fhir, key } = useSmart();
  const { language } = useTexts();
  return useQuery({
    queryKey: key(["MedicationRequest", "AllergyIntolerance", "ServiceRequest", "Observation", "DiagnosticReport"], "cards", language, asked?.service, asked?.patient, JSON.stringify(asked?.drafts)),
    queryFn: () => (asked === undefined ? [] : cardsFor(fhir, asked)),
    enabled: asked !== undefined,
    placeholderData: (before: Card[] | undefined) => (asked === undefined ? undefined : before),
    retry: false,
  });
}

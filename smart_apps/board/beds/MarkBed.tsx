import { Alert, Button, Group, Text } from "@mantine/core";
import type { Location } from "fhir/r4";

import { FhirError } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import { mark } from "./changes.ts";
import { bedState, CODINGS, type Mark } from "./places.ts";

/** An empty bed: clean, to be cleaned, contaminated, isolated, closed. */
export function MarkBed({ bed, onDone }: { bed: Location; onDone: () => void }) {
  const { t } = useTexts();
  const reason = useReason();
  const state = bedState(bed);
  const marking = useChange(["Location"], (fhir, as: Mark) => mark(fhir, bed, as));
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>{t("markBed")}</Text>
      <Group gap="xs">
        {(Object.keys(CODINGS) as Mark[]).filter((as) => as !== state).map((as) => (
          <Button
            key={as}
            variant={as === "free" ? "filled" : "default"}
            loading={marking.isPending && marking.variables === as}
            disabled={marking.isPending}
            onClick={() => marking.mutate(as, {
              onSuccess: () => {
                told(t("marked", { bed: bed.name ?? "", state: t(`state.${as}`) }));
                onDone();
              },
            })}
          >
            {t(`mark.${as}`)}
          </Button>
        ))}
      </Group>
      {marking.isError && (
        <Alert mt="xs" role="alert" color="red" title={t("notSaved")}>
          {marking.error instanceof FhirError && marking.error.isConflict ? t("bedChanged", { state: t(`state.${state}`) }) : reason(marking.error)}
        </Alert>
      )}
    </div>
  );
}

import { Modal, Text, Timeline } from "@mantine/core";
import type { Bundle, Practitioner } from "fhir/r4";

import { idIn, resourcesOf } from "../shared/fhir/bundle.ts";
import { useAsk, useSearch } from "../shared/fhir/queries.ts";
import { moment } from "../shared/format/dates.ts";
import { plainName } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Loaded } from "../shared/states/Loaded.tsx";
import type { Alert } from "./alerts.ts";
import { stepsOf } from "./history.ts";
import { Identity } from "./Identity.tsx";

/** Who was asked and told when, who took it on, and what was done. */
export default function History({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const { t } = useTexts();
  const query = useAsk<Bundle>(["Task"], ["history", alert.id], (fhir) => fhir.operation(`Task/${alert.id}/_history?_count=100`));
  const steps = stepsOf(query.data);
  const ids = [...new Set(steps.map((step) => idIn(step.owner, "Practitioner")).filter((id) => id !== undefined))];
  const people = useSearch<Practitioner>("Practitioner", ids.length === 0 ? undefined : { _id: ids.join(","), _count: ids.length });
  const nameOf = (reference: string | undefined) => {
    const found = resourcesOf<Practitioner>(people.data, "Practitioner").find((one) => reference === `Practitioner/${one.id ?? ""}`);
    return found === undefined ? (reference === alert.owner ? alert.ownerName : "") : plainName(found.name);
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t("history")} closeButtonProps={{ "aria-label": t("close") }}>
      <Identity alert={alert} />
      <Loaded query={query}>
        {() => (
          <Timeline active={steps.length} bulletSize={14} lineWidth={2}>
            {steps.map((step, n) => {
              const name = nameOf(step.owner);
              return (
                <Timeline.Item key={n} title={t(`step.${step.what}`, { name: name === "" ? t("nobody") : name })}>
                  <Text size="sm" c="dimmed">{moment(step.at)}</Text>
                  {step.action !== undefined && <Text size="sm">{t(`action.${step.action}`)}</Text>}
                  {step.text !== undefined && <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>{step.text}</Text>}
                </Timeline.Item>
              );
            })}
          </Timeline>
        )}
      </Loaded>
    </Modal>
  );
}

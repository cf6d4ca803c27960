import { Title } from "@mantine/core";
import type { FhirResource } from "fhir/r4";
import { useEffect, useRef } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { isOf, linesOf } from "./fields.ts";
import classes from "./messages.module.css";
import type { Chosen } from "./SegmentTable.tsx";

/** The FHIR that a message makes, value by value; what was chosen among the fields stands out. */
export function ResourceList({ resources, chosen }: { resources: Record<string, FhirResource>; chosen: Chosen | undefined }) {
  const shown = Object.entries(resources).filter(([, resource]) => resource.resourceType !== "Provenance").sort(([, a], [, b]) => rank(a) - rank(b));
  return shown.map(([address, resource]) => <One key={address} address={address} resource={resource} element={chosen?.resource === address ? chosen.element : undefined} />);
}

const FIRST = ["Patient", "Encounter", "DiagnosticReport", "ServiceRequest", "Appointment"];

/** Whom and what it is about comes first, what tells of the message itself last. */
function rank(resource: FhirResource): number {
  if (resource.resourceType === "MessageHeader") return FIRST.length + 1;
  const place = FIRST.indexOf(resource.resourceType);
  return place < 0 ? FIRST.length : place;
}

function One({ address, resource, element }: { address: string; resource: FhirResource; element: string | undefined }) {
  const { t } = useTexts();
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (element !== undefined) (place.current?.querySelector("[data-line][data-chosen]") ?? place.current)?.scrollIntoView({ block: "nearest" });
  }, [element]);
  const isStored = address.startsWith(`${resource.resourceType}/`);
  return (
    <section ref={place} className={classes.resource} data-chosen={element === undefined ? undefined : ""} aria-label={isStored ? address : resource.resourceType}>
      <Title order={3}>{resource.resourceType}</Title>
      <div className="fs-unit">{isStored ? address : t("notStored")}</div>
      <dl className={classes.lines}>
        {linesOf(resource).map((line) => (
          <div key={line.path} data-line data-chosen={element !== undefined && isOf(line, element) ? "" : undefined}><dt>{line.path}</dt><dd>{line.value}</dd></div>
        ))}
      </dl>
    </section>
  );
}

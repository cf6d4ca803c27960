import { Table, Text, Title } from "@mantine/core";
import type { FhirResource } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Field, Origin } from "../answers.ts";
import { elementName, fieldName, type Segment } from "./fields.ts";
import classes from "./messages.module.css";
import { SEGMENTS } from "./segments.ts";

export interface Chosen {
  resource: string;
  element: string;
}

/** The fields of a segment by their names, what each says, and what became of it. */
export function SegmentTable({ segment, resources, broken, chosen, withRules, isConverted, onChoose }: {
  segment: Segment; resources: Record<string, FhirResource>; broken: string | undefined; chosen: Chosen | undefined; withRules: boolean; isConverted: boolean; onChoose: (chosen: Chosen) => void;
}) {
  const { t } = useTexts();
  const title = `${segment.where} ${SEGMENTS[segment.name] ?? t("ownSegment")}`;
  return (
    <section className={classes.segment} aria-label={title}>
      <Title order={3}>{title}</Title>
      <Table className="fs-cards" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr><Table.Th scope="col" w="32%">{t("field")}</Table.Th><Table.Th scope="col">{t("says")}</Table.Th>{isConverted && <Table.Th scope="col" w="34%">{t("became")}</Table.Th>}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {segment.fields.map((field) => (
            <Table.Tr key={field.position} className={field.position === broken ? classes.broken : undefined}>
              <Table.Th scope="row" fw={400}>
                <Text span size="xs" c="dimmed">{field.position}</Text> {fieldName(field.name)}
                {field.position === broken && <div className={classes.here}>{t("brokenHere")}</div>}
              </Table.Th>
              <Table.Td data-label={t("says")}><span className={classes.raw}>{field.value}</span></Table.Td>
              {isConverted && <Table.Td data-label={field.made.length === 0 && field.unmapped === undefined ? undefined : t("became")}><Became field={field} resources={resources} chosen={chosen} withRules={withRules} onChoose={onChoose} /></Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function Became({ field, resources, chosen, withRules, onChoose }: { field: Field; resources: Record<string, FhirResource>; chosen: Chosen | undefined; withRules: boolean; onChoose: (chosen: Chosen) => void }) {
  const { t } = useTexts();
  const shown = field.made.filter((one) => isShown(one, resources));
  return (
    <>
      {shown.length > 0 && <span className={classes.made}>
        {shown.map((one, n) => (
          <button key={n} type="button" className={classes.chip} aria-pressed={chosen?.resource === one.resource && chosen.element === one.element} onClick={() => onChoose(one)}>
            {elementName(one.resource, one.element, resources)}
            {withRules && <div className={classes.raw}>{one.rule}</div>}
          </button>
        ))}
      </span>}
      {field.unmapped !== undefined && <div className={classes.nowhere}>{field.unmapped.length === 1 && field.unmapped[0] === field.position ? t("nowhere") : t("partlyNowhere", { places: field.unmapped.join(", ") })}</div>}
    </>
  );
}

/** Elements of what is shown beside; Provenance and MessageHeader tell of the message itself. */
function isShown(origin: Origin, resources: Record<string, FhirResource>): boolean {
  const type = resources[origin.resource]?.resourceType;
  return type !== undefined && type !== "Provenance";
}

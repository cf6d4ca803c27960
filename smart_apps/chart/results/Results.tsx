import { Badge, Button, Group, Modal, SegmentedControl, Stack, Table, Text, Title } from "@mantine/core";
import type { Bundle, DiagnosticReport, Observation } from "fhir/r4";
import { Suspense, useMemo, useState } from "react";
import { Link } from "wouter";

import { answerOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { useBatch } from "../../shared/fhir/queries.ts";
import { ago, moment } from "../../shared/format/dates.ts";
import { words } from "../../shared/format/codes.ts";
import { isInError } from "../../shared/format/inError.ts";
import { normalRange, range, unitOf } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { comparable, delta, panelsOf, takenAt, timesOf, type Panel, type Test } from "./panels.ts";
import { Spark } from "./Spark.tsx";
import { Value, valueText } from "../../shared/format/Value.tsx";
import { part } from "../../shared/parts/part.tsx";

const Trend = part(async () => ({ default: (await import("../../shared/charts/Trend.tsx")).Trend }));
const MOST = 500;
const COLUMNS = 6;
/** The same for each panel, so that values stand below each other. */
const WIDTHS = ["18%", "16%", "10%", "20%", "6rem", "17%", "13%"];

/** Laboratory results by panel: the newest of each test, or all over time; and the reports. */
export default function Results({ patient }: { patient: string }) {
  const { t } = useTexts();
  const [view, setView] = useState("latest");
  const [shown, setShown] = useState<Test>();
  const [most, setMost] = useState(MOST);
  const query = useBatch(
    [
      `Observation?patient=${patient}&category=laboratory&_sort=-date&_count=${most}`,
      `DiagnosticReport?patient=${patient}&_sort=-date&_count=200`,
    ],
    ["Observation", "DiagnosticReport"],
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2}>{t("results")}</Title>
        <SegmentedControl size="xs" aria-label={t("resultsView")} value={view} onChange={setView} data={["latest", "grid", "reports"].map((one) => ({ value: one, label: t(`view.${one}`) }))} className="fs-noprint" />
      </Group>
      <Loaded query={query} lines={12}>
        {(bundle) => {
          const found = answerOf<Bundle>(bundle, 0);
          const reports = resourcesOf<DiagnosticReport>(answerOf<Bundle>(bundle, 1), "DiagnosticReport");
          if (view === "reports") return <Reports patient={patient} reports={reports} />;
          if (found === undefined) return <Text c="var(--fs-warning)">{t("partMissing")}</Text>;
          const panels = panelsOf(resourcesOf<Observation>(found, "Observation"), reports);
          if (panels.length === 0) return <Empty title={t("resultsNone")} />;
          return (
            <>
              {panels.map((panel) => (view === "grid" ? <Grid key={panel.name} panel={panel} onShow={setShown} /> : <Latest key={panel.name} panel={panel} onShow={setShown} />))}
              {found.link?.some((link) => link.relation === "next") === true && <Button variant="default" onClick={() => setMost((n) => n * 2)}>{t("older")}</Button>}
            </>
          );
        }}
      </Loaded>
      {shown !== undefined && <History test={shown} onClose={() => setShown(undefined)} />}
    </Stack>
  );
}

function Status({ of }: { of: Observation }) {
  const { t } = useTexts();
  if (of.status === "final") return null;
  return <Badge size="sm" tt="none" variant="light" color={of.status === "entered-in-error" ? "red" : "yellow"}>{t(`status.${of.status}`)}</Badge>;
}

function Latest({ panel, onShow }: { panel: Panel; onShow: (test: Test) => void }) {
  const { t } = useTexts();
  const name = panel.name === "" ? t("otherResults") : panel.name;
  return (
    <section aria-label={name}>
      <Title order={3} mt="sm" mb={4}>{name}</Title>
      <Table className="fs-cards" highlightOnHover layout="fixed">
        <colgroup>{WIDTHS.map((width, n) => <col key={n} style={{ width }} />)}</colgroup>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("test")}</Table.Th>
            <Table.Th scope="col">{t("value")}</Table.Th>
            <Table.Th scope="col">{t("range")}</Table.Th>
            <Table.Th scope="col">{t("before")}</Table.Th>
            <Table.Th scope="col">{t("course")}</Table.Th>
            <Table.Th scope="col">{t("taken")}</Table.Th>
            <Table.Th scope="col">{t("reported")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{panel.tests.map((test) => <LatestRow key={test.key} test={test} onShow={onShow} />)}</Table.Tbody>
      </Table>
    </section>
  );
}

function LatestRow({ test, onShow }: { test: Test; onShow: (test: Test) => void }) {
  const { t } = useTexts();
  const newest = test.results[0];
  if (newest === undefined) return null;
  const change = delta(test.results);
  const isError = newest.status === "entered-in-error";
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <button type="button" className="fs-plain" style={{ color: "var(--fs-accent)", textDecoration: "underline" }} onClick={() => onShow(test)}>{test.name}</button>
      </Table.Th>
      <Table.Td data-label={t("value")}><span style={isError ? { textDecoration: "line-through" } : undefined}><Value of={newest} /></span> <Status of={newest} /></Table.Td>
      <Table.Td data-label={t("range")} style={{ whiteSpace: "nowrap" }}>{range(normalRange(newest)) || t("noRange")}</Table.Td>
      <Table.Td data-label={t("before")}>
        {change === undefined ? (test.results[1] === undefined ? "" : valueText(test.results[1])) : <>{change.change} <span className="fs-unit">{t("from", { value: valueText(change.before), at: moment(takenAt(change.before)) })}</span></>}
      </Table.Td>
      <Table.Td><Spark values={comparable(test.results).slice(0, 12).reverse().map((one) => one.valueQuantity?.value ?? 0)} /></Table.Td>
      <Table.Td data-label={t("taken")}>{moment(takenAt(newest))} <span className="fs-unit">{ago(takenAt(newest))}</span></Table.Td>
      <Table.Td data-label={t("reported")}>{moment(newest.issued)}</Table.Td>
    </Table.Tr>
  );
}

function Grid({ panel, onShow }: { panel: Panel; onShow: (test: Test) => void }) {
  const { t } = useTexts();
  const times = timesOf(panel, COLUMNS);
  const name = panel.name === "" ? t("otherResults") : panel.name;
  return (
    <section aria-label={name}>
      <Title order={3} mt="sm" mb={4}>{name}</Title>
      <Table.ScrollContainer minWidth={200 + times.length * 110} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": name, role: "group" } }}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("test")}</Table.Th>
              {times.map((at) => <Table.Th key={at} scope="col">{moment(at)}</Table.Th>)}
              <Table.Th scope="col">{t("range")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {panel.tests.map((test) => (
              <Table.Tr key={test.key}>
                <Table.Th scope="row" fw={400}>
                  <button type="button" className="fs-plain" style={{ color: "var(--fs-accent)", textDecoration: "underline" }} onClick={() => onShow(test)}>{test.name}</button>
                </Table.Th>
                {times.map((at) => <Table.Td key={at}>{test.results.filter((one) => takenAt(one) === at).map((one) => <div key={one.id}><Value of={one} /> <Status of={one} /></div>)}</Table.Td>)}
                <Table.Td style={{ whiteSpace: "nowrap" }}>{test.results[0] === undefined ? "" : range(normalRange(test.results[0])) || t("noRange")}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

/** A test over time: the line, and every value as it was reported. */
function History({ test, onClose }: { test: Test; onClose: () => void }) {
  const { t } = useTexts();
  const points = useMemo(() => comparable(test.results).map((one) => ({ at: takenAt(one), value: one.valueQuantity?.value ?? 0, shown: valueText(one) })), [test]);
  const lines = useMemo(() => [{ label: test.name, points }], [points, test.name]);
  const newest = test.results[0];
  const normal = newest === undefined ? undefined : normalRange(newest);
  return (
    <Modal opened onClose={onClose} title={test.name} size="lg" closeButtonProps={{ "aria-label": t("close") }}>
      {points.length > 1 && <Suspense fallback={<Loading lines={6} />}><Trend title={test.name} unit={unitOf(comparable(test.results)[0]?.valueQuantity)} lines={lines} low={normal?.low?.value} high={normal?.high?.value} /></Suspense>}
      <Table mt="sm" aria-label={test.name}>
        <Table.Thead><Table.Tr><Table.Th scope="col">{t("taken")}</Table.Th><Table.Th scope="col">{t("value")}</Table.Th><Table.Th scope="col">{t("range")}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {test.results.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td>{moment(takenAt(one))}</Table.Td>
              <Table.Td><Value of={one} /> <Status of={one} />{one.note?.map((note, n) => <Text key={n} size="sm">{note.text}</Text>)}</Table.Td>
              <Table.Td>{range(normalRange(one)) || t("noRange")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

function Reports({ patient, reports }: { patient: string; reports: readonly DiagnosticReport[] }) {
  const { t } = useTexts();
  if (reports.length === 0) return <Empty title={t("reportsNone")} />;
  return (
    <Table className="fs-cards" highlightOnHover>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("report")}</Table.Th><Table.Th scope="col">{t("statusColumn")}</Table.Th><Table.Th scope="col">{t("taken")}</Table.Th><Table.Th scope="col">{t("reported")}</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {reports.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={400}><Link href={`/patients/${patient}/results/reports/${one.id ?? ""}`} style={{ color: "var(--fs-accent)" }}>{isInError(one) ? <del>{words(one.code)}</del> : words(one.code)}</Link></Table.Th>
            <Table.Td data-label={t("statusColumn")}>{t(`status.${one.status}`)}</Table.Td>
            <Table.Td data-label={t("taken")}>{moment(one.effectiveDateTime ?? one.effectivePeriod?.start)}</Table.Td>
            <Table.Td data-label={t("reported")}>{moment(one.issued)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

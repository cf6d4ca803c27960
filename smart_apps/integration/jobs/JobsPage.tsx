import { Badge, Button, Progress, Stack, Table, Text, Title } from "@mantine/core";
import { Suspense, useState } from "react";

import { moment } from "../../shared/format/dates.ts";
import { language, useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { BulkJob, Jobs, ReindexJob } from "../answers.ts";
import { usePolled } from "../asking.ts";
import { lasting } from "../duration.ts";

const Revive = part(() => import("./Revive.tsx"));

const COLORS: Record<string, string> = { waiting: "accent", running: "accent", done: "green", failed: "red", cancelled: "gray" };

/** What goes on by itself: making the index anew, bulk exports and imports, the queues. */
export default function JobsPage() {
  const { t } = useTexts();
  const query = usePolled<Jobs>("/admin/jobs");
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{t("place.jobs")}</Title>
        <Text size="sm" c="dimmed">{t("jobsText")}</Text>
      </div>
      <Loaded query={query} lines={12}>
        {(jobs) => (
          <>
            <section aria-label={t("reindexing")}><Title order={2} mb="xs">{t("reindexing")}</Title>{jobs.reindex.length === 0 ? <Empty title={t("noReindexing")} /> : <Reindexing jobs={jobs.reindex} />}</section>
            <section aria-label={t("bulk")}><Title order={2} mb="xs">{t("bulk")}</Title>{jobs.bulk.length === 0 ? <Empty title={t("noBulk")} /> : <Bulk jobs={jobs.bulk} />}</section>
            <section aria-label={t("queues")}><Title order={2}>{t("queues")}</Title><Text size="sm" c="dimmed" mb="xs">{t("queuesText")}</Text><Queues jobs={jobs} /></section>
          </>
        )}
      </Loaded>
    </Stack>
  );
}

function JobState({ state }: { state: string }) {
  const { t } = useTexts();
  return <Badge variant="light" color={COLORS[state] ?? "gray"}>{t(`jobState.${state}`)}</Badge>;
}

/** How far a job is, in numbers and as a bar; without a total nobody knows yet. */
function Far({ done, total, label }: { done: number; total?: number; label: string }) {
  const { t } = useTexts();
  const number = new Intl.NumberFormat(language());
  if (total === undefined) return <>{t("doneOnly", { done: number.format(done) })}</>;
  return (
    <>
      {t("doneOf", { done: number.format(done), total: number.format(total) })}
      <Progress.Root mt={4}><Progress.Section value={total === 0 ? 100 : (100 * done) / total} aria-label={label} /></Progress.Root>
    </>
  );
}

function Reindexing({ jobs }: { jobs: ReindexJob[] }) {
  const { t } = useTexts();
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("job")}</Table.Th><Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("types")}</Table.Th><Table.Th scope="col" w="30%">{t("progress")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {jobs.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={400}>{t("jobNumber", { n: one.id })}<Text size="xs" c="dimmed">{moment(one.created)} · {one.reason}</Text></Table.Th>
            <Table.Td data-label={t("stateWord")}><JobState state={one.state} /></Table.Td>
            <Table.Td data-label={t("types")}>{one.types.length > 3 ? t("typeCount", { n: one.types.length }) : one.types.map(({ type }) => type).join(", ")}</Table.Td>
            <Table.Td data-label={t("progress")}><Far done={one.done} total={one.total} label={t("jobNumber", { n: one.id })} /></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Bulk({ jobs }: { jobs: BulkJob[] }) {
  const { t } = useTexts();
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("job")}</Table.Th><Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("askedBy")}</Table.Th><Table.Th scope="col" w="30%">{t("progress")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {jobs.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={400}>{t(`bulkKind.${one.kind}`)}<Text size="xs" c="dimmed">{moment(one.created)} · {one.request}</Text></Table.Th>
            <Table.Td data-label={t("stateWord")}><JobState state={one.state} />{one.reason !== undefined && <Text size="xs">{one.reason}</Text>}{one.expires !== undefined && <Text size="xs" c="dimmed">{t("filesUntil", { at: moment(one.expires) })}</Text>}</Table.Td>
            <Table.Td data-label={t("askedBy")}>{one.by}</Table.Td>
            <Table.Td data-label={t("progress")}><Far done={one.done} total={one.total} label={t(`bulkKind.${one.kind}`)} /></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Queues({ jobs }: { jobs: Jobs }) {
  const { t } = useTexts();
  const [open, setOpen] = useState<string>();
  if (jobs.queues.length === 0 && jobs.readers.length === 0) return <Empty title={t("noQueues")} />;
  return (
    <>
      <Table className="fs-cards">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">{t("queue")}</Table.Th><Table.Th scope="col">{t("waiting")}</Table.Th><Table.Th scope="col">{t("since")}</Table.Th><Table.Th scope="col">{t("givenUp")}</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.readers.map((one) => (
            <Table.Tr key={`reader ${one.name}`}>
              <Table.Th scope="row" fw={400}>{t("reader", { name: one.name })}</Table.Th>
              <Table.Td data-label={t("waiting")}>{t("changes", { n: one.changes })}</Table.Td><Table.Td data-label={t("since")}>{one.seconds === undefined ? "–" : lasting(one.seconds)}</Table.Td><Table.Td data-label={t("givenUp")}>–</Table.Td>
            </Table.Tr>
          ))}
          {jobs.queues.map((one) => (
            <Table.Tr key={one.topic}>
              <Table.Th scope="row" fw={400}>{one.topic}</Table.Th>
              <Table.Td data-label={t("waiting")}>{one.waiting}</Table.Td><Table.Td data-label={t("since")}>{one.oldestSeconds === undefined ? "–" : lasting(one.oldestSeconds)}</Table.Td>
              <Table.Td data-label={t("givenUp")}>{one.dead === 0 ? "0" : <><strong className="fs-level-H">{one.dead}</strong> <Button size="xs" variant="default" aria-label={t("lookAtOf", { topic: one.topic })} onClick={() => setOpen(one.topic)}>{t("lookAtDots")}</Button></>}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Suspense>{open !== undefined && <Revive topic={open} onClose={() => setOpen(undefined)} />}</Suspense>
    </>
  );
}

import { Badge, Button, Card, Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { IconAlertOctagon } from "@tabler/icons-react";
import type { Task } from "fhir/r4";
import { Suspense, useState } from "react";

import { linkOf } from "../../shared/fhir/bundle.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { ago, moment, time } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { PatientLine } from "../people/Patient.tsx";
import { useNameOf } from "../people/users.ts";
import { reviewsIn, searchFor, type Review } from "./reviews.ts";

const Decide = part(() => import("./Decide.tsx"));
const Opened = part(() => import("./Opened.tsx"));

/** Emergency accesses: those whose review waits, the longest waiting first, and those that were decided. */
export default function Reviews() {
  const { t } = useTexts();
  const [tab, setTab] = useState<"waiting" | "decided">("waiting");
  const [deciding, setDeciding] = useState<Review>();
  const { query } = usePages<Task>("Task", searchFor(tab));
  const reviews = (query.data?.pages ?? []).flatMap(reviewsIn);
  const hasMore = linkOf(query.data?.pages.at(-1), "next") !== undefined;
  return (
    <Stack maw={920} gap="md">
      <div>
        <Title order={1}>{t("reviews")}</Title>
        <Text c="dimmed">{t("reviewsLead")}</Text>
      </div>
      <SegmentedControl w="fit-content" aria-label={t("reviewsShow")} value={tab} onChange={(value) => setTab(value)} data={[{ value: "waiting", label: t("reviewsWaiting") }, { value: "decided", label: t("reviewsDecided") }]} />
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={6} />}
      {query.isSuccess && reviews.length === 0 && <Empty title={t(tab === "waiting" ? "reviewsNone" : "reviewsNoneDecided")}>{tab === "waiting" && <Text size="sm">{t("reviewsNoneHint")}</Text>}</Empty>}
      {reviews.length > 0 && (
        <Stack gap="sm" component="ul" aria-label={t("reviews")} style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {reviews.map((review) => <li key={review.id}><One review={review} onDecide={() => setDeciding(review)} /></li>)}
        </Stack>
      )}
      {hasMore && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
      <Suspense>{deciding !== undefined && <Decide review={deciding} onClose={() => setDeciding(undefined)} />}</Suspense>
    </Stack>
  );
}

function One({ review, onDecide }: { review: Review; onDecide: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const nameOf = useNameOf([{ reference: review.whoName === "" ? review.who : undefined }, ...review.notes.map((note) => ({ reference: note.by }))]);
  const [isOpen, setOpen] = useState(false);
  const who = review.whoName || nameOf({ reference: review.who }) || t("somebody");
  const isOwn = review.who !== undefined && review.who === session.grant.fhirUser;
  const { start, end } = review.open;
  return (
    <Card>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Text component="h2" fw={600} m={0}><IconAlertOctagon size={18} aria-hidden style={{ verticalAlign: "-3px", color: "var(--fs-warning)" }} /> {t("openedRecord", { who })}</Text>
          {review.decision !== undefined && <Badge variant="light" color={review.decision === "justified" ? "green" : review.decision === "unjustified" ? "red" : "yellow"}>{t(`decision.${review.decision}`)}</Badge>}
        </Group>
        <div>{review.patientId === undefined ? t("notKnown") : <PatientLine patient={review.patient} id={review.patientId} />}</div>
        <Text size="sm">{t("openFor", { from: moment(start), to: moment(end).slice(0, 11) === moment(start).slice(0, 11) ? time(end) : moment(end) })} ({ago(start)}) · {t(`purpose.${review.purpose === "ETREAT" ? "ETREAT" : "BTG"}`)}</Text>
        <Text><Text span c="dimmed">{t("reasonGiven")}</Text> “{review.reason}”</Text>
        {review.notes.map((note, n) => (
          <Text key={n} size="sm" pl="sm" style={{ borderInlineStart: "3px solid var(--fs-line)" }}>
            <Text span c="dimmed" size="sm">{[nameOf({ reference: note.by }) || t("somebody"), moment(note.at)].filter(Boolean).join(", ")}: </Text>{note.text}
          </Text>
        ))}
        <Group gap="xs">
          {!review.isOver && !isOwn && <Button onClick={onDecide}>{t("decideDots")}</Button>}
          <Button variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{t(isOpen ? "hideOpened" : "showOpened")}</Button>
        </Group>
        {!review.isOver && isOwn && <Text size="sm">{t("ownReview")}</Text>}
        {isOpen && <Suspense fallback={<Loading lines={4} />}><Opened review={review} /></Suspense>}
      </Stack>
    </Card>
  );
}

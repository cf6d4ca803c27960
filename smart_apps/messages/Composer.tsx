import { Button, Checkbox, Group, Text, Textarea } from "@mantine/core";
import { IconAt, IconPaperclip, IconSend, IconUserPlus } from "@tabler/icons-react";
import type { Reference } from "fhir/r4";
import { Suspense, useState } from "react";

import { useChange } from "../shared/fhir/queries.ts";
import { time } from "../shared/format/dates.ts";
import { useDraft } from "../shared/forms/drafts.ts";
import { OnDemand } from "../shared/frame/OnDemand.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { Attachments } from "./Attachments.tsx";
import { messageFrom, once, send } from "./sending.ts";
import type { Myself, Thread } from "./threads.ts";

const Attach = part(() => import("./Attach.tsx"));
const MentionMenu = part(() => import("./MentionMenu.tsx"));
const Recipients = part(() => import("./Recipients.tsx"));

interface Values {
  id: string;
  text: string;
  isUrgent: boolean;
  attachments: string[];
  added: Reference[];
}

function nothing(): Values {
  return { id: crypto.randomUUID(), text: "", isUrgent: false, attachments: [], added: [] };
}

/** The next message of a conversation, to all who take part and to whom is added. */
export function Composer({ thread, me, onSent }: { thread: Thread; me: Myself; onSent: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [values, setValues] = useState(nothing);
  const [open, setOpen] = useState<"attach" | "add">();
  const isDirty = values.text !== "" || values.attachments.length > 0;
  const draft = useDraft(`message ${thread.key}`, values, setValues, isDirty);
  // Only a patient whom the writer may see may be named; the conversation is about them all the same.
  const patientId = thread.patient === undefined ? undefined : thread.patientId;
  const to = once([...thread.others, ...values.added], me.references);
  const sending = useChange<Values, unknown>(["Communication"], (fhir, given) =>
    send(fhir, messageFrom({ ...given, to, topic: thread.topic, patientId }, { reference: session.grant.fhirUser, display: me.name }, { thread: thread.key, to: thread.last })),
  );
  const submit = () => {
    if (!isDirty || sending.isPending) return;
    sending.mutate(values, {
      onSuccess: () => {
        void draft.clear();
        setValues(nothing());
        setOpen(undefined);
        onSent();
      },
    });
  };
  return (
    <form
      aria-label={t("write")}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {sending.isError && <Failed error={sending.error} title={t("notSent")} />}
      <Textarea
        label={t("reply")} autosize minRows={2} maxRows={10} value={values.text}
        onChange={(event) => setValues({ ...values, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
        }}
      />
      {values.attachments.length > 0 && <Attachments references={values.attachments} patientId={patientId} onRemove={(gone) => setValues({ ...values, attachments: values.attachments.filter((one) => one !== gone) })} />}
      {values.added.length > 0 && <Text size="sm" mt={4}>{t("alsoTo", { names: values.added.map((one) => one.display ?? "").join(", ") })}</Text>}
      <Suspense fallback={<Loading />}>
        {open === "attach" && patientId !== undefined && <Attach patientId={patientId} chosen={values.attachments} onChoose={(attachments) => setValues({ ...values, attachments })} />}
        {open === "add" && <Recipients me={me} patientId={patientId} value={values.added} onChange={(added) => setValues({ ...values, added })} label={t("addPeople")} description={t("addMeans")} />}
      </Suspense>
      <Group mt="xs" justify="space-between">
        <Group gap="xs">
          <Checkbox label={t("urgent")} checked={values.isUrgent} onChange={(event) => setValues({ ...values, isUrgent: event.currentTarget.checked })} />
          {patientId !== undefined && <Button variant="subtle" size="compact-md" leftSection={<IconPaperclip size={16} aria-hidden />} aria-expanded={open === "attach"} onClick={() => setOpen(open === "attach" ? undefined : "attach")}>{t("attach")}</Button>}
          <Mention people={to} onChoose={(name) => setValues({ ...values, text: `${values.text}${values.text === "" || values.text.endsWith(" ") ? "" : " "}@${name} ` })} />
          <Button variant="subtle" size="compact-md" leftSection={<IconUserPlus size={16} aria-hidden />} aria-expanded={open === "add"} onClick={() => setOpen(open === "add" ? undefined : "add")}>{t("add")}</Button>
        </Group>
        <Button type="submit" loading={sending.isPending} disabled={!isDirty} leftSection={<IconSend size={16} aria-hidden />}>{t("send")}</Button>
      </Group>
      {draft.keptAt !== undefined && <Text size="xs" c="dimmed">{t("draftKept", { time: time(draft.keptAt) })}</Text>}
      {draft.restoredAt !== undefined && <Text size="xs" c="dimmed">{t("draftBack", { time: time(draft.restoredAt) })}</Text>}
    </form>
  );
}

function Mention({ people, onChoose }: { people: readonly Reference[]; onChoose: (name: string) => void }) {
  const { t } = useTexts();
  const named = people.filter((one) => one.display !== undefined && !one.reference?.startsWith("CareTeam/"));
  if (named.length === 0) return null;
  const button = <Button variant="subtle" size="compact-md" leftSection={<IconAt size={16} aria-hidden />}>{t("mention")}</Button>;
  return <OnDemand button={button} menu={MentionMenu} given={{ people: named, onChoose }} />;
}

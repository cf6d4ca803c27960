import { Stack, Text, Title } from "@mantine/core";
import type { DocumentReference } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { InError } from "../../shared/format/InError.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { AttachmentView } from "./AttachmentView.tsx";
import { categoryOf, datedOf, nameOf } from "./kinds.ts";

/** A document's title, what is known of it, and its content. */
export function DocumentView({ document: one }: { document: DocumentReference }) {
  const { t } = useTexts();
  const category = categoryOf(one);
  const by = one.author?.map((author) => author.display).filter(Boolean).join(", ") ?? "";
  const known = [
    words(one.type), category === undefined ? words(one.category?.[0]) : t(`documentCategory.${category}`), moment(datedOf(one)),
    by === "" ? "" : t("addedBy", { name: by, at: moment(one.date) }),
    one.status === "superseded" ? t("status.superseded") : "",
  ];
  return (
    <InError of={one}>
      <Stack gap="sm">
        <div>
          <Title order={2}>{nameOf(one)}</Title>
          <Text size="sm" c="dimmed">{known.filter((part, n) => part !== "" && known.indexOf(part) === n).join(" · ")}</Text>
        </div>
        {one.content.map((content, n) => <AttachmentView key={n} attachment={content.attachment} name={nameOf(one)} />)}
      </Stack>
    </InError>
  );
}

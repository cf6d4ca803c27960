import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { shownName, useUser, useUsersLike, type User } from "./users.ts";

const MOST = 30;
const PAUSE_MS = 250;

/** Chooses an account by a part of the name; `value` is its id. */
export function PersonPicker({ label, description, error, value, required = false, onChange }: {
  label: string; description?: string; error?: string; value: string | null; required?: boolean; onChange: (id: string | null) => void;
}) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const chosen = useUser(value ?? undefined).data ?? undefined;
  const isChosen = chosen !== undefined && asked === labelOf(chosen);
  const found = useUsersLike(isChosen ? "" : asked, MOST);
  const data = new Map([...(chosen === undefined ? [] : [chosen]), ...(found.data ?? [])].map((user) => [user.id, labelOf(user)]));
  return (
    <Select
      label={label} description={description} error={found.isError ? t("usersUnread") : error} withAsterisk={required} placeholder={t("personHint")} searchable clearable
      data={[...data].map(([id, name]) => ({ value: id, label: name }))} filter={({ options }) => options} searchValue={typed} onSearchChange={setTyped}
      value={value} onChange={onChange} nothingFoundMessage={found.isFetching ? t("loading") : t("nothingFound")} clearButtonProps={{ "aria-label": t("clearOf", { what: label }) }}
    />
  );
}

function labelOf(user: User): string {
  return user.display === "" || user.display === user.name ? user.name : `${shownName(user)} (${user.name})`;
}

import { List, Table, Text } from "@mantine/core";

import type { Block } from "./narrative.ts";

/** A part of a narrative, as text, list or table. */
export function Narrative({ block }: { block: Block }) {
  if (block.kind === "text") return <Text size="sm">{block.text}</Text>;
  if (block.kind === "list") return <List size="sm">{block.items.map((item, n) => <List.Item key={n}>{item}</List.Item>)}</List>;
  // On a phone a row of a plain table is a card, as everywhere; the first cell is its name.
  const titles = block.head.length === 1 ? (block.head[0] ?? []) : [];
  const isTitled = titles.length > 0 && block.rows.every((row) => row.length === titles.length);
  return (
    <Table.ScrollContainer minWidth={0} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm" className={isTitled ? "fs-cards" : undefined}>
        <Table.Thead>{block.head.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Th key={m} scope="col">{cell}</Table.Th>)}</Table.Tr>)}</Table.Thead>
        <Table.Tbody>{block.rows.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Td key={m} data-label={isTitled && m > 0 ? titles[m] : undefined}>{cell}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

import { List, Table, Text } from "@mantine/core";

import type { Block } from "./narrative.ts";

/** A part of a narrative, as text, list or table. */
export function Narrative({ block }: { block: Block }) {
  if (block.kind === "text") return <Text size="sm">{block.text}</Text>;
  if (block.kind === "list") return <List size="sm">{block.items.map((item, n) => <List.Item key={n}>{item}</List.Item>)}</List>;
  return (
    <Table.ScrollContainer minWidth={0} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table fz="sm">
        <Table.Thead>{block.head.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Th key={m} scope="col">{cell}</Table.Th>)}</Table.Tr>)}</Table.Thead>
        <Table.Tbody>{block.rows.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Td key={m}>{cell}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

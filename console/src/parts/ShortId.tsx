/** The end of an id, which is the part in which ids differ; the whole is in its title. */
export function ShortId({ id }: { id: string }) {
  return (
    <code title={id}>
      <bdi>{id.length > 12 ? `…${id.slice(-8)}` : id}</bdi>
    </code>
  );
}

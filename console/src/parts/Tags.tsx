/** Words that something is marked with. */
export function Tags({ tags }: { tags: readonly string[] }) {
  return tags.map((tag) => (
    <bdi key={tag} className="tag">
      {tag}
    </bdi>
  ));
}

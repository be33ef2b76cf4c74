/** Marks beyond these would take a browser's time; what comes after them stands as it is. */
const most = 2_000;

/** Control characters, but for white space, and those that turn the order of what follows (UAX #9). */
const unseen = /([^\P{Cc}\n\r\t]{1,8}|[\u202a-\u202e\u2066-\u2069]{1,8})/u;

/**
 * A text, in which characters that nobody would see stand with their codes, as U+202E, and turn nothing. They
 * stay in the text, so it is copied as it is stored.
 */
export function Exact({ text }: { text: string }) {
  const pieces = text.split(unseen);
  const rest = pieces.splice(2 * most + 1).join("");
  return (
    <>
      {pieces.map((piece, index) =>
        index % 2 === 0 ? (
          piece
        ) : (
          <bdi key={index} className="unseen" data-codes={codesOf(piece)}>
            {piece}
          </bdi>
        ),
      )}
      {rest}
    </>
  );
}

const codesOf = (text: string) =>
  Array.from(
    text,
    (character) => `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  ).join(" ");

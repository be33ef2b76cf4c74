import { CopyText } from "../../parts/CopyText.tsx";

/** The secret of a key that was made, which nobody can see again. */
export function Secret({ secret }: { secret: string }) {
  return (
    <div role="status" className="once">
      <p>This is shown once. Keep it where others do not see it.</p>
      <CopyText label="The key" text={secret} />
      <CopyText label="For the command line" text={`export LTB_API_KEY=${secret}`} />
    </div>
  );
}

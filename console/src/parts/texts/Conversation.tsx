import type { Turn } from "./conversation.ts";
import { Text } from "./Text.tsx";

/** The turns of a conversation, with the calls of tools in them. */
export function Conversation({ turns, label }: { turns: readonly Turn[]; label: string }) {
  return (
    <ol className="turns" aria-label={label}>
      {turns.map((turn, index) => (
        <li key={index} className={turn.role === "user" ? "own" : undefined}>
          <h4>{turn.role}</h4>
          {turn.text !== "" && <Text text={turn.text} label={`${label}, ${turn.role}, turn ${index + 1}`} />}
          {turn.calls.map((call, at) => (
            <div key={at} className="call">
              <p>
                calls <code>{call.name}</code>
              </p>
              {call.arguments !== "" && (
                <Text
                  text={call.arguments}
                  label={`${label}, arguments of ${call.name}, turn ${index + 1}`}
                />
              )}
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}

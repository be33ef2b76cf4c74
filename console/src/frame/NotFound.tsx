import { Link } from "@tanstack/react-router";

export function NotFound() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        The address may be mistyped, or of another version. <Link to="/">Overview</Link>
      </p>
    </>
  );
}

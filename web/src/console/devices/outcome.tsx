// What became of a deed, said to everybody: those who see the page and those who hear it.

export function Outcome({ done, failed }: { done: string | null; failed: string | null }) {
  return (
    <>
      <p role="status" class="device-done">
        {done}
      </p>
      {failed && (
        <p class="trouble" role="alert">
          {failed}
        </p>
      )}
    </>
  );
}

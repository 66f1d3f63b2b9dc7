/**
 * What is answered within `deadlineMs`, or "late". The answer goes on its way, and whoever wants it then has the promise.
 * Every probe waits so: one timer and one promise, and neither an exception nor a listener to be taken away.
 */
export function withDeadline<T>(answer: Promise<T>, deadlineMs: number): Promise<T | "late"> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, deadlineMs, "late" as const);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/**
 * What is answered within `deadlineMs`, or "late". The answer goes on its way, and whoever wants it then has the promise.
 * Made for every probe: one timer and one promise, where a race and an abortable sleep took six.
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

/**
 * A refusal that goes to the caller as an ErrorResponse document. Codes and HTTP statuses are
 * those of the Route 53 API reference; the JS SDK turns the code into an exception class.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** The request could not be understood. */
export function invalidInput(message: string): ApiError {
  return new ApiError(400, "InvalidInput", message);
}

/** The batch was understood and nothing of it was applied. */
export function invalidChangeBatch(problems: readonly string[]): ApiError {
  return new ApiError(400, "InvalidChangeBatch", `[${problems.join(", ")}]`);
}

export function noSuchHostedZone(zoneId: string): ApiError {
  return new ApiError(404, "NoSuchHostedZone", `No hosted zone found with ID: ${zoneId}`);
}

export function noSuchChange(changeId: string): ApiError {
  return new ApiError(404, "NoSuchChange", `No change found with ID: ${changeId}`);
}

export function throttling(): ApiError {
  return new ApiError(400, "Throttling", "Rate exceeded");
}

/** A change to the same zone is still being handled. */
export function priorRequestNotComplete(): ApiError {
  return new ApiError(
    400,
    "PriorRequestNotComplete",
    "The request was rejected because Route 53 was still processing a prior request.",
  );
}

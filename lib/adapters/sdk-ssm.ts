// What is imported as a whole is bundled as a whole, and that is a quarter of a megabyte: this names what is used of it.
export { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

// What is imported as a whole is bundled as a whole: this names what is used of it.
export { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

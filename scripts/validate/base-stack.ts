import { readFileSync } from "node:fs";
import { hostOf, type Scratch } from "./scratch.ts";

/**
 * The network, three Redis nodes, a zone and a hand: what a stage expects to be there. A template as data, so that CloudFormation
 * takes all of it away again. Nothing in it is reachable from outside, and nothing leads out but IPv6.
 */
export function baseTemplate(scratch: Scratch): Readonly<Record<string, unknown>> {
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description:
      "Scratch network and nodes of lambda-sentinel's validation; delete it when nothing runs",
    Parameters: {
      Password: { Type: "String", NoEcho: true, MinLength: 32 },
      Image: {
        Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        Default: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
      },
    },
    Resources: {
      ...network(scratch),
      ...Object.fromEntries(places.flatMap((place) => subnet(place))),
      ...Object.fromEntries(places.map((place) => [`Node${place}`, node(place)])),
      ...zoneAndPassword(scratch),
      ...tables(scratch),
      ...hand(scratch),
    },
    Outputs: Object.fromEntries(
      Object.entries(outputs(scratch)).map(([name, Value]) => [name, { Value }]),
    ),
  };
}

const places = [0, 1, 2] as const;
const ref = (name: string) => ({ Ref: name });
const attribute = (name: string, of: string) => ({ "Fn::GetAtt": [name, of] });
/** A place that CloudFormation fills in, in a text for Fn::Sub. */
const filled = (name: string) => `\${${name}}`;
const tagged = (name: string) => [{ Key: "Name", Value: name }];

function network({ name }: Scratch): Record<string, unknown> {
  const VpcId = ref("Vpc");
  const endpoint = (service: string) => ({
    Type: "AWS::EC2::VPCEndpoint",
    Properties: {
      VpcId,
      ServiceName: { "Fn::Sub": `com.amazonaws.${filled("AWS::Region")}.${service}` },
      RouteTableIds: [ref("Routes")],
    },
  });
  const rules = { IpProtocol: "-1", Description: "The nodes' packages, and the functions' AWS" };
  return {
    Vpc: {
      Type: "AWS::EC2::VPC",
      Properties: {
        CidrBlock: "10.77.0.0/16",
        EnableDnsSupport: true,
        EnableDnsHostnames: true,
        Tags: tagged(name),
      },
    },
    Ipv6: {
      Type: "AWS::EC2::VPCCidrBlock",
      Properties: { VpcId, AmazonProvidedIpv6CidrBlock: true },
    },
    WayOut: { Type: "AWS::EC2::EgressOnlyInternetGateway", Properties: { VpcId } },
    Routes: { Type: "AWS::EC2::RouteTable", Properties: { VpcId, Tags: tagged(name) } },
    RouteOut: {
      Type: "AWS::EC2::Route",
      Properties: {
        RouteTableId: ref("Routes"),
        DestinationIpv6CidrBlock: "::/0",
        EgressOnlyInternetGatewayId: ref("WayOut"),
      },
    },
    // Amazon Linux has its packages in S3; the table is reached by its own endpoint, as docs/deploying.md says.
    Packages: endpoint("s3"),
    Tables: endpoint("dynamodb"),
    Inside: {
      Type: "AWS::EC2::SecurityGroup",
      Properties: {
        VpcId,
        GroupDescription: `Redis among nodes and functions of ${name}`,
        SecurityGroupIngress: [
          {
            ...{ IpProtocol: "tcp", FromPort: 6379, ToPort: 6379, CidrIp: "10.77.0.0/16" },
            Description: "Nodes and functions of this network",
          },
        ],
        SecurityGroupEgress: [
          { ...rules, CidrIp: "0.0.0.0/0" },
          { ...rules, CidrIpv6: "::/0" },
        ],
      },
    },
  };
}

function subnet(place: number): readonly [string, unknown][] {
  const block = (of: unknown) => ({ "Fn::Select": [place, of] });
  const first = { "Fn::Select": [0, attribute("Vpc", "Ipv6CidrBlocks")] };
  return [
    [
      `Subnet${place}`,
      {
        Type: "AWS::EC2::Subnet",
        DependsOn: ["Ipv6"],
        Properties: {
          VpcId: ref("Vpc"),
          AvailabilityZone: block({ "Fn::GetAZs": "" }),
          CidrBlock: `10.77.${place}.0/24`,
          Ipv6CidrBlock: block({ "Fn::Cidr": [first, places.length, 64] }),
          AssignIpv6AddressOnCreation: true,
        },
      },
    ],
    [
      `SubnetRoutes${place}`,
      {
        Type: "AWS::EC2::SubnetRouteTableAssociation",
        Properties: { SubnetId: ref(`Subnet${place}`), RouteTableId: ref("Routes") },
      },
    ],
  ];
}

function node(place: number): unknown {
  return {
    Type: "AWS::EC2::Instance",
    DependsOn: [`SubnetRoutes${place}`, "Packages", "RouteOut"],
    Properties: {
      ImageId: ref("Image"),
      InstanceType: "t4g.nano",
      SubnetId: ref(`Subnet${place}`),
      PrivateIpAddress: hostOf(place),
      SecurityGroupIds: [ref("Inside")],
      MetadataOptions: { HttpTokens: "required" },
      UserData: { "Fn::Base64": { "Fn::Sub": startScript(place) } },
      Tags: tagged(`redis ${hostOf(place)}`),
    },
  };
}

/**
 * Redis 6, which has FAILOVER, under a service that starts it again half a minute after its end, so that a killed master returns.
 * It asks again for packages, for the way to them may be younger than the machine.
 */
function startScript(place: number): string {
  const follows = place === 0 ? [] : [`replicaof ${hostOf(0)} 6379`];
  const configuration = [
    ...["bind 0.0.0.0", "port 6379", "dir /var/lib/sentinel-redis", "appendonly yes"],
    ...[`requirepass ${filled("Password")}`, `masterauth ${filled("Password")}`],
    "repl-ping-replica-period 1",
    ...follows,
  ];
  return [
    "#!/bin/bash",
    "until dnf install -y redis6; do sleep 5; done",
    "install -d -o redis6 -g redis6 /var/lib/sentinel-redis",
    "cat >/var/lib/sentinel-redis/redis.conf <<'END'",
    ...configuration,
    "END",
    "chown redis6:redis6 /var/lib/sentinel-redis/redis.conf",
    "cat >/etc/systemd/system/sentinel-redis.service <<'END'",
    ...["[Service]", "User=redis6", "Restart=always", `RestartSec=${restartSeconds}`],
    "ExecStart=/usr/bin/redis6-server /var/lib/sentinel-redis/redis.conf",
    ...["[Install]", "WantedBy=multi-user.target", "END"],
    "systemctl enable --now sentinel-redis",
    "",
  ].join("\n");
}

const restartSeconds = 45;

function zoneAndPassword({ zoneName, passwordName }: Scratch): Record<string, unknown> {
  return {
    Zone: {
      Type: "AWS::Route53::HostedZone",
      Properties: {
        Name: zoneName,
        VPCs: [{ VPCId: ref("Vpc"), VPCRegion: ref("AWS::Region") }],
      },
    },
    PasswordParameter: {
      Type: "AWS::SSM::Parameter",
      Properties: { Type: "String", Name: passwordName, Value: ref("Password") },
    },
  };
}

/** Two tables to measure, which nothing else uses; unlike a quorum table they go with the stack. */
function tables({ name, region, strong }: Scratch): Record<string, unknown> {
  const common = {
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
  };
  const table = (TableName: string, rest: object) => ({
    Type: "AWS::DynamoDB::GlobalTable",
    DeletionPolicy: "Delete",
    UpdateReplacePolicy: "Delete",
    Properties: { TableName, ...common, ...rest },
  });
  const plain = table(`${name}-plain`, { Replicas: [{ Region: region }] });
  if (strong === null) return { PlainTable: plain };
  return {
    PlainTable: plain,
    StrongTable: table(`${name}-strong`, {
      MultiRegionConsistency: "STRONG",
      Replicas: [{ Region: region }, { Region: strong.replica }],
      GlobalTableWitnesses: [{ Region: strong.witness }],
    }),
  };
}

function hand(scratch: Scratch): Record<string, unknown> {
  const measured = scratch.strong === null ? ["PlainTable"] : ["PlainTable", "StrongTable"];
  const statement = {
    Effect: "Allow",
    Action: ["dynamodb:GetItem", "dynamodb:PutItem"],
    Resource: measured.map((table) => attribute(table, "Arn")),
  };
  return {
    HandRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              ...{ Effect: "Allow", Action: "sts:AssumeRole" },
              Principal: { Service: "lambda.amazonaws.com" },
            },
          ],
        },
        ManagedPolicyArns: [
          {
            "Fn::Sub": `arn:${filled("AWS::Partition")}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole`,
          },
        ],
        Policies: [
          {
            PolicyName: "measure",
            PolicyDocument: { Version: "2012-10-17", Statement: [statement] },
          },
        ],
      },
    },
    Hand: {
      Type: "AWS::Lambda::Function",
      Properties: {
        ...{ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" },
        ...{ MemorySize: 256, Timeout: 300, Role: attribute("HandRole", "Arn") },
        Code: { ZipFile: handSource },
        Environment: { Variables: { REDIS_PASSWORD: ref("Password") } },
        VpcConfig: {
          SubnetIds: [ref("Subnet0")],
          SecurityGroupIds: [ref("Inside")],
        },
      },
    },
  };
}

const handSource = readFileSync(new URL("./hand.cjs", import.meta.url), "utf8");

/** The names under which scratch.ts knows what is there. */
function outputs({ strong }: Scratch): Record<string, unknown> {
  return {
    Subnets: { "Fn::Join": [",", places.map((place) => ref(`Subnet${place}`))] },
    SecurityGroup: attribute("Inside", "GroupId"),
    ZoneId: ref("Zone"),
    HandName: ref("Hand"),
    PlainTableName: ref("PlainTable"),
    ...(strong === null ? {} : { StrongTableName: ref("StrongTable") }),
  };
}

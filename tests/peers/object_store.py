"""An S3 store: moto's server in a process of its own, which forgets everything when it ends."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import boto3
from botocore.config import Config

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from fhirserver.embedded.roles import listens

BUCKET = "hospital"
KEYS = ("an-access-key", "a-secret-key")


class ObjectStore:
    """A store that can go away, and come back empty."""

    def __init__(self) -> None:
        self.port = unused_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Listen, and have a bucket."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(listens("127.0.0.1", self.port), 120, "the object store is there")
        self.client().create_bucket(Bucket=BUCKET)

    def empty(self) -> None:
        """Be there, with nothing in the bucket."""
        if self._process is None:
            self.start()
            return
        for name in self.names():
            self.client().delete_object(Bucket=BUCKET, Key=name)

    def stop(self) -> None:
        """Go away."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def client(self) -> Any:
        """Somebody else who looks into the store."""
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
            config=Config(retries={"max_attempts": 10}),
        )

    def names(self) -> set[str]:
        """What lies in the bucket."""
        found = self.client().list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {entry["Key"] for entry in found}

    def uploads(self) -> list[str]:
        """Uploads in parts that nobody has ended."""
        found = self.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return [entry["Key"] for entry in found]

    def bytes_of(self, name: str) -> bytes:
        """An object."""
        return self.client().get_object(Bucket=BUCKET, Key=name)["Body"].read()

    def put(self, name: str, data: bytes) -> None:
        """Another object under a name."""
        self.client().put_object(Bucket=BUCKET, Key=name, Body=data)

    def settings(self) -> dict[str, Any]:
        """What a server is told of it."""
        return {
            "blob_store": f"s3://{BUCKET}/ours",
            "blob_store_endpoint": self.address,
            "blob_store_access_key": KEYS[0],
            "blob_store_secret_key": KEYS[1],
        }

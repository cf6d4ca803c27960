# The server as an image: one for every role, `docker run fhirserver web`, `worker`, `beat`, `db upgrade`.
FROM python:3.13-slim AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY Makefile pyproject.toml hatch_build.py README.md LICENSE ./
COPY requirements requirements
COPY fhirserver fhirserver
COPY hl7v2_gateway hl7v2_gateway
COPY dicom_gateway dicom_gateway
COPY smart_apps smart_apps
COPY profiles profiles
COPY terminology terminology
RUN make wheel \
 && python -m venv /opt/fhirserver \
 && /opt/fhirserver/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt \
 && /opt/fhirserver/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/fhirserver /opt/fhirserver
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin fhirserver \
 && install -d -m 0700 -o fhirserver /var/lib/fhirserver /var/lib/fhirserver-blobs \
    /var/lib/fhirserver-images
ENV PATH=/opt/fhirserver/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 FHIRSERVER_DATA_DIR=/var/lib/fhirserver
USER 10001
EXPOSE 8000
ENTRYPOINT ["fhirserver"]
CMD ["--help"]

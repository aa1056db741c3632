# The product as an image. It needs DATABASE_URL, SECRET_KEY and ALLOWED_HOSTS; see compose.yaml.
FROM python:3.11-slim AS built

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# Dependencies change seldom: in a layer of their own.
COPY requirements.txt ./
RUN pip install --no-deps --require-hashes -r requirements.txt

COPY . .
# Hashed names and compressed files are made once, here. It reads settings, so it wants a key: any.
ENV STATIC_MANIFEST=1
RUN SECRET_KEY=only-to-collect-static-files VAR_DIR=/tmp/var python manage.py collectstatic --noinput \
    && rm -rf /tmp/var

# Nothing of ours is written to but /data, and the process owns nothing but that.
RUN useradd --system --uid 10001 crm && install -d -o crm /data
USER crm
ENV VAR_DIR=/data BIND=0.0.0.0:8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; r = u.Request('http://127.0.0.1:8000/healthz', headers={'Host': 'localhost'}); u.urlopen(r, timeout=2)"]
CMD ["gunicorn", "-c", "crm/gunicorn.py", "crm.wsgi"]

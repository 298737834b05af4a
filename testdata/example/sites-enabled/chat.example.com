server {
    listen 80;
    server_name chat.example.com;

    include snippets/proxy-headers.conf;

    location / {
        root /srv/chat;
        try_files $uri /index.html;
    }

    location /socket.io/ {
        proxy_pass http://127.0.0.1:4000;
    }

    location /ws {
        proxy_pass http://127.0.0.1:4000;
        include snippets/proxy-headers.conf;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}

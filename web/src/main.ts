import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { app } from '$lib/app.svelte';
import { live } from '$lib/live.svelte';
import { router } from '$lib/router.svelte';

router.start();
live.watch();
void app.start();
mount(App, { target: document.getElementById('app')! });
